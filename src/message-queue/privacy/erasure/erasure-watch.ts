import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { RepeatedTask } from '../../../kernel/time/repeated-task.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';
import type { PendingErasures } from './pending-erasures.js';

/** Adds the job that goes on with an erasure. */
export type AddErasureJob = (receiptId: string) => Promise<unknown>;

const LOOK_EVERY_MS = 60_000;
const FIRST_LOOK_MS = 1_000;
/** What changes seldom is looked at once an hour, and at the start. */
const LOOKS_PER_HOUR = 60;
const STOP_TIMEOUT_MS = 500;

/**
 * Looks for erasures that nobody goes on with: their process died, a holder did not answer, a legal hold has ended; and for what came back
 * because the data key store was restored from a backup.
 */
export class ErasureWatch {
  private readonly logger = new SafeLogger('Privacy');
  private readonly task: RepeatedTask;
  private stopping = new AbortController();
  private looks = 0;
  private hasWarned = false;

  /**
   * @param pending null: nothing can be erased here
   * @param addJob null: this process has no queue for such jobs
   */
  constructor(
    private readonly pending: PendingErasures | null,
    private readonly addJob: AddErasureJob | null,
    clock: Clock,
  ) {
    this.task = new RepeatedTask({
      clock,
      turn: () => this.look(),
      failed: (error) => this.report(error),
    });
  }

  /** Starts to look, a minute apart; a second call does nothing. */
  start(): void {
    if (this.pending === null) return;
    if (this.stopping.signal.aborted) this.stopping = new AbortController();
    void this.task.start(FIRST_LOOK_MS);
  }

  /** Ends that, and waits briefly for the look under way. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('The app stops.'));
    await settlesWithin(this.task.stop(), STOP_TIMEOUT_MS);
  }

  private async look(): Promise<number> {
    const { pending } = this;
    if (pending === null) return LOOK_EVERY_MS;
    const { signal } = this.stopping;
    const isHourly = this.looks % LOOKS_PER_HOUR === 0;
    if (isHourly && (await pending.reapply('app', signal)) > 0) {
      this.logger.warn(
        'The data key store had lost tombstones that the audit knows, as after a restore from a backup: what they are about was destroyed again.',
      );
    }
    for await (const receiptId of pending.interrupted(LOOK_EVERY_MS, signal)) await this.goOn(receiptId);
    if (isHourly) for await (const receiptId of pending.released(signal)) await this.goOn(receiptId);
    this.looks += 1;
    return LOOK_EVERY_MS;
  }

  private async goOn(receiptId: string): Promise<void> {
    if (this.addJob !== null) await this.addJob(receiptId);
    else if (!this.hasWarned) {
      this.hasWarned = true;
      this.logger.warn(
        'An erasure waits to be gone on with, and builtInQueues leaves out the clean-up queue here: a process that has it goes on with it, or the same call again.',
      );
    }
  }

  private report(error: unknown): number {
    this.logger.warn(
      `Erasures that wait could not be looked for; in a minute they will be: ${errorCodesOf(error)}`,
    );
    return LOOK_EVERY_MS;
  }
}
