import type { Clock, ClockTimer } from '../../../../kernel/time/clock.js';
import type { QueueCommands } from './queue-commands.js';
import { promoteDueScript } from '../scripts/keep-jobs.lua.js';

/** Look at the delayed jobs this often even if nobody says that one is due. */
const GUARD_INTERVAL_MS = 5_000;
const RETRY_DELAY_MS = 500;

/** Moves delayed jobs of one queue to waiting when they are due. */
export class DelayPromoter {
  private timer: ClockTimer | null = null;
  private plannedFor = Number.POSITIVE_INFINITY;
  private running = false;
  private stopped = false;

  constructor(
    private readonly commands: QueueCommands,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    void this.promote();
  }

  /** A job is due at this time, milliseconds since the epoch. */
  hint(at: number): void {
    if (at < this.plannedFor) this.plan(at);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private fail(error: unknown): void {
    // A stop closes the connection under a call.
    if (!this.stopped) this.onError(error);
  }

  private plan(at: number): void {
    if (this.stopped) return;
    this.timer?.cancel();
    this.plannedFor = at;
    this.timer = this.clock.setTimer(() => void this.promote(), Math.max(0, at - this.clock.now()));
  }

  private async promote(): Promise<void> {
    if (this.running || this.stopped) return;
    this.running = true;
    // Hints that arrive while the call is under way count from here on.
    this.plannedFor = Number.POSITIVE_INFINITY;
    let next = this.clock.now() + GUARD_INTERVAL_MS;
    try {
      const args = [this.clock.now(), this.commands.queue.lockToken];
      const nextDue = (await this.commands.run(promoteDueScript, args)) as string | null;
      if (nextDue !== null) next = Math.min(next, Number(nextDue));
    } catch (error) {
      next = this.clock.now() + RETRY_DELAY_MS;
      this.fail(error);
    } finally {
      this.running = false;
    }
    this.hint(next);
  }
}
