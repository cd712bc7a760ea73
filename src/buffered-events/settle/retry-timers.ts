import type { Clock, ClockTimer } from '../../kernel/time/clock.js';

/** Slots that are due at the same millisecond. */
interface Due {
  readonly slots: number[];
  readonly timer: ClockTimer;
}

/** Events that wait for their next attempt: one timer per millisecond at which some are due. */
export class RetryTimers {
  private readonly due = new Map<number, Due>();
  private count = 0;
  private readonly clock: Clock;

  /** @param isDue takes a slot whose time has come */
  constructor(
    clock: Clock,
    private readonly isDue: (slot: number) => void,
  ) {
    this.clock = clock.steady();
  }

  /** How many wait. */
  get waiting(): number {
    return this.count;
  }

  /** @param delayMs from now */
  add(slot: number, delayMs: number): void {
    const at = Math.ceil(this.clock.now() + delayMs);
    this.count += 1;
    const others = this.due.get(at);
    if (others !== undefined) {
      others.slots.push(slot);
      return;
    }
    const timer = this.clock.setTimer(() => this.fire(at), at - this.clock.now());
    this.due.set(at, { slots: [slot], timer });
  }

  /** Nothing becomes due any more. */
  stop(): void {
    for (const { timer } of this.due.values()) timer.cancel();
    this.due.clear();
    this.count = 0;
  }

  private fire(at: number): void {
    const slots = this.due.get(at)?.slots ?? [];
    this.due.delete(at);
    this.count -= slots.length;
    for (const slot of slots) this.isDue(slot);
  }
}
