import type { Clock, ClockTimer } from '../../kernel/time/clock.js';

/** How often it is looked, milliseconds; and at most a tenth of the time. */
const LOOK_MS = 20;
const LOOKS_TAKE = 0.1;

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Who waits until single events are handled. Threads end events without a word to anybody, so while somebody waits it is looked now and then at
 * what is stored.
 */
export class AwaitedEvents {
  private readonly waiting = new Map<number, Waiter>();
  private timer: ClockTimer | null = null;

  /** @param stored second halves of the ids of all that is stored */
  constructor(
    private readonly clock: Clock,
    private readonly stored: () => readonly number[],
  ) {}

  /** @throws (rejects) what it failed with for good, or that the bus stopped before */
  wait(sequence: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.set(sequence, { resolve, reject });
      this.plan(LOOK_MS);
    });
  }

  /** Whether somebody waits for it: he has it elsewhere too. */
  has(sequence: number): boolean {
    return this.waiting.has(sequence);
  }

  /** It failed for good. @returns whether somebody waited, who knows it now */
  fail(sequence: number, error: () => Error): boolean {
    const waiter = this.waiting.get(sequence);
    this.waiting.delete(sequence);
    waiter?.reject(error());
    return waiter !== undefined;
  }

  /** Nothing is handled any more. */
  close(error: Error): void {
    this.timer?.cancel();
    for (const sequence of [...this.waiting.keys()]) this.fail(sequence, () => error);
  }

  private plan(ms: number): void {
    if (this.waiting.size === 0) return;
    this.timer ??= this.clock.setTimer(() => this.look(), ms, { keepAlive: true });
  }

  private look(): void {
    this.timer = null;
    const began = performance.now();
    const stored = new Set(this.stored());
    for (const [sequence, waiter] of this.waiting) {
      if (stored.has(sequence)) continue;
      this.waiting.delete(sequence);
      waiter.resolve();
    }
    this.plan(Math.max(LOOK_MS, (performance.now() - began) / LOOKS_TAKE));
  }
}
