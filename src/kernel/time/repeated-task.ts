import type { Clock, ClockTimer } from './clock.js';

/** What is done again and again. */
export interface RepeatedTaskParts {
  readonly clock: Clock;
  /** One turn. @returns milliseconds from its end to the next; null: there is nothing more to do */
  readonly turn: () => Promise<number | null>;
  /** A turn that failed, unless the task was stopped meanwhile. @returns milliseconds to the next */
  readonly failed: (error: unknown) => number;
  /** Whether a turn that is due holds the process open. Default false. */
  readonly keepAlive?: boolean;
}

/** A background loop: turn after turn, never two at once, until it is stopped. May be started again. */
export class RepeatedTask {
  private isOn = false;
  private timer: ClockTimer | null = null;
  private dueAt = Number.POSITIVE_INFINITY;
  private underWay: Promise<void> | null = null;
  /** A turn became due while another one was under way. */
  private isOverdue = false;

  constructor(private readonly parts: RepeatedTaskParts) {}

  /**
   * Starts with a turn at once, or in `afterMs`; does nothing when it is started.
   * @returns resolves when a turn that was begun at once has ended; never rejects
   */
  async start(afterMs = 0): Promise<void> {
    if (this.isOn) return;
    this.isOn = true;
    if (afterMs > 0) this.plan(this.parts.clock.now() + afterMs);
    else this.begin();
    await this.underWay;
  }

  /** The next turn is due at `at` already, milliseconds since the epoch, unless it is earlier anyway. */
  hasten(at: number): void {
    if (this.isOn && at < this.dueAt) this.plan(at);
  }

  /** No turn starts any more; resolves when the one under way has ended. Safe to call twice. */
  async stop(): Promise<void> {
    this.isOn = false;
    this.isOverdue = false;
    this.timer?.cancel();
    this.dueAt = Number.POSITIVE_INFINITY;
    await this.underWay;
  }

  private plan(at: number): void {
    const { clock, keepAlive } = this.parts;
    this.timer?.cancel();
    this.dueAt = at;
    this.timer = clock.setTimer(() => this.begin(), Math.max(0, at - clock.now()), { keepAlive });
  }

  private begin(): void {
    if (this.underWay !== null) {
      this.isOverdue = true;
      return;
    }
    this.isOverdue = false;
    this.timer?.cancel();
    // What hastens it while the turn is under way counts from here on.
    this.dueAt = Number.POSITIVE_INFINITY;
    this.underWay = this.takeTurn().then((next) => this.end(next));
  }

  private async takeTurn(): Promise<number | null> {
    try {
      return await this.parts.turn();
    } catch (error) {
      return this.isOn ? this.parts.failed(error) : null;
    }
  }

  private end(next: number | null): void {
    this.underWay = null;
    if (!this.isOn) return;
    if (this.isOverdue) this.begin();
    else if (next !== null) this.hasten(this.parts.clock.now() + next);
  }
}
