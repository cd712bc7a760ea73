import type { AgedMessages, CleanupStore } from '../../ports/messages/cleanup-store.js';
import type { MessageTraces } from '../../ports/privacy/message-traces.js';
import type { CleanupStep } from './cleanup-step.js';

/** Removes messages with all their traces. */
export class MessageCleanupStep implements CleanupStep {
  constructor(
    private readonly selection: AgedMessages,
    private readonly store: CleanupStore,
    private readonly traces: MessageTraces,
  ) {}

  count(signal: AbortSignal): Promise<number> {
    return this.store.count(this.selection, signal);
  }

  async run(limit: number, signal: AbortSignal): Promise<number> {
    const ids = await this.store.claim(this.selection, limit, signal);
    if (ids.length === 0) {
      await this.removeMarks(limit, signal);
      return 0;
    }
    await this.traces.eraseMessages(ids, signal);
    const removed = await this.store.removeClaimed(ids, signal);
    // A store that keeps what it claimed would be asked forever.
    if (removed === 0) throw new Error(`The cleanup store removed none of ${ids.length} claimed messages.`);
    return removed;
  }

  /** What is left when its messages have gone. */
  private async removeMarks(limit: number, signal: AbortSignal): Promise<void> {
    const { kind, before } = this.selection;
    const remove = (): Promise<number> =>
      kind === 'old_messages'
        ? this.store.removeOldRecalls(before, limit, signal)
        : this.store.removeEmptyConversations(before, limit, signal);
    while ((await remove()) > 0) signal.throwIfAborted();
  }
}
