import { inRootContext } from '../host/root-context.js';
import { Clock, type ClockTimer } from './clock.js';

interface Waiting {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it. Give it to whatever takes a `Clock`; no timer of the process is used.
 * Starts at 2026-01-01T00:00:00Z unless told otherwise.
 */
export class ManualClock extends Clock {
  private time: number;
  private order = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(start: Date | number = Date.UTC(2026, 0, 1)) {
    super();
    this.time = new Date(start).getTime();
  }

  now(): number {
    return this.time;
  }

  /** Timers that have not been called or cancelled; a test can check that nothing was left behind. */
  get pendingTimers(): number {
    return this.waiting.size;
  }

  /** When the next timer is due; null when none waits. */
  get nextTimerAt(): number | null {
    return this.nextDue(Infinity)?.at ?? null;
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    const timer: Waiting = { at: this.time + Math.max(0, delayMs), order: this.order++, callback };
    this.waiting.add(timer);
    return { cancel: () => this.waiting.delete(timer) };
  }

  /**
   * Moves the time forward and calls what becomes due, in order of time and then of setting, timers set meanwhile
   * included. Before each call, and at the end, promises that are ready get their turn.
   */
  async advance(ms: number): Promise<void> {
    const target = this.time + ms;
    await settlePromises();
    for (let next = this.nextDue(target); next !== undefined; next = this.nextDue(target)) {
      this.waiting.delete(next);
      this.time = Math.max(this.time, next.at);
      inRootContext(next.callback);
      await settlePromises();
    }
    this.time = target;
  }

  /** Moves the time to the next timer and calls it. @returns false when no timer waits */
  async advanceToNextTimer(): Promise<boolean> {
    const next = this.nextDue(Infinity);
    if (next === undefined) return false;
    await this.advance(Math.max(0, next.at - this.time));
    return true;
  }

  private nextDue(target: number): Waiting | undefined {
    let first: Waiting | undefined;
    for (const timer of this.waiting) {
      if (timer.at > target) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Lets chains of promises run on: one turn of the event loop empties the whole microtask queue. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
