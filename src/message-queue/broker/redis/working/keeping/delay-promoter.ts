import type { Clock } from '../../../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../../../kernel/time/repeated-task.js';
import { promoteDueScript } from '../../scripts/keep-jobs.lua.js';
import type { QueueCommands } from '../queue-commands.js';

/** The longest wait for a due time: timers know no more than some weeks. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000;
const RETRY_DELAY_MS = 500;

/** Moves delayed jobs of one queue to waiting when they are due. */
export class DelayPromoter {
  private readonly task: RepeatedTask;

  constructor(
    private readonly commands: QueueCommands,
    private readonly clock: Clock,
    onError: (error: unknown) => void,
  ) {
    this.task = new RepeatedTask({
      clock,
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

  /** Tells that a job is due at this time, milliseconds since the epoch. */
  hint(at: number): void {
    this.task.hasten(Math.min(at, this.clock.now() + LONGEST_WAIT_MS));
  }

  /** Resolves when the call in flight has ended. */
  stop(): Promise<void> {
    return this.task.stop();
  }

  private async promote(): Promise<number | null> {
    const args = [this.clock.now(), this.commands.queue.lockToken];
    const nextDue = (await this.commands.run(promoteDueScript, args)) as string | null;
    if (nextDue === null) return null;
    return Math.max(0, Math.min(LONGEST_WAIT_MS, Number(nextDue) - this.clock.now()));
  }
}
