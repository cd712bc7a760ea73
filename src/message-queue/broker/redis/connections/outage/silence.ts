import { setTimeout as pause } from 'node:timers/promises';
import { replyOf } from '../../../../../kernel/redis/redis-replies.js';

/** Between two questions when the first one broke off, milliseconds. */
const ASK_AGAIN_MS = 200;

/** A Redis that owes answers on a connection that stands: a black hole, a frozen server. Ends as soon as it answers anything. */
export class Silence {
  private isKept = false;

  /** @param ask what Redis answers when it answers at all */
  constructor(
    private readonly ask: () => Promise<unknown>,
    private readonly isClosed: () => boolean,
  ) {}

  /** Read for every add. */
  get isOn(): boolean {
    return this.isKept;
  }

  /** Redis has owed an answer for too long. */
  begin(): void {
    if (this.isKept) return;
    this.isKept = true;
    void this.untilAnswered();
  }

  private async untilAnswered(): Promise<void> {
    while (!this.isClosed()) {
      try {
        await this.ask();
        break;
      } catch (error) {
        if (replyOf(error) !== null) break;
        await pause(ASK_AGAIN_MS, undefined, { ref: false });
      }
    }
    this.isKept = false;
  }
}
