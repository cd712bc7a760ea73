import { SystemClock } from '../../../../../kernel/time/clock.js';
import type { Clock } from '../../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../../kernel/time/repeated-task.js';
import { promoteDueScript } from '../../scripts/keep-jobs.lua.js';
import type { QueueCommands } from '../queue-commands.js';

/** The longest wait for a due time: timers know no more than some weeks. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000;
const RETRY_DELAY_MS = 500;

/** Moves delayed jobs of one queue to waiting when Redis' own clock says that they are due. */
export class DelayPromoter {
  private readonly task: RepeatedTask;

  /** @param clock Redis', for a server that keeps its time from scripts */
  constructor(
    private readonly commands: QueueCommands,
    private readonly clock: Clock,
    onError: (error: unknown) => void,
  ) {
    this.task = new RepeatedTask({
      // How long to wait is for Redis to say.
      clock: new SystemClock(),
      turn: () => this.promote(),
      failed: (error) => {
        onError(error);
        return RETRY_DELAY_MS;
      },
    });
  }

  start(): void {
    void this.task.start();
  }

  /** Tells that a job is due in so many milliseconds, or was already. */
  hint(dueInMs: number): void {
    this.task.hasten(Math.min(Math.max(0, dueInMs), LONGEST_WAIT_MS));
  }

  /** Resolves when the call in flight has ended. */
  stop(): Promise<void> {
    return this.task.stop();
  }

  private async promote(): Promise<number | null> {
    const args = [this.clock.now(), this.commands.queue.lockToken];
    const dueInMs = (await this.commands.run(promoteDueScript, args)) as number | null;
    return dueInMs === null ? null : Math.min(LONGEST_WAIT_MS, dueInMs);
  }
}
