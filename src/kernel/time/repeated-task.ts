import { inRootContext } from '../host/root-context.js';
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
  private readonly clock: Clock;
  private dueAt = Number.POSITIVE_INFINITY;
  private underWay: Promise<void> | null = null;
  /** A turn became due while another one was under way. */
  private isOverdue = false;

  constructor(private readonly parts: RepeatedTaskParts) {
    this.clock = parts.clock.steady();
  }

  /**
   * Starts with a turn at once, or in `afterMs`; does nothing when it is started.
   * @returns resolves when a turn that was begun at once has ended; never rejects
   */
  async start(afterMs = 0): Promise<void> {
    if (this.isOn) return;
    this.isOn = true;
    if (afterMs > 0) this.plan(afterMs);
    else inRootContext(() => this.begin());
    await this.underWay;
  }

  /** The next turn is due in so many milliseconds already, unless it is earlier anyway. */
  hasten(inMs: number): void {
    if (this.isOn && this.clock.now() + inMs < this.dueAt) this.plan(inMs);
  }

  /** No turn starts any more; resolves when the one under way has ended. Safe to call twice. */
  async stop(): Promise<void> {
    this.isOn = false;
    this.isOverdue = false;
    this.timer?.cancel();
    this.dueAt = Number.POSITIVE_INFINITY;
    await this.underWay;
  }

  private plan(inMs: number): void {
    const { keepAlive } = this.parts;
    this.timer?.cancel();
    this.dueAt = this.clock.now() + inMs;
    this.timer = this.clock.setTimer(() => this.begin(), inMs, { keepAlive });
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
    else if (next !== null) this.hasten(next);
  }
}
