/** A timer that can be taken back. */
export interface ClockTimer {
  cancel(): void;
}

/** Where time comes from. Tests replace it with a clock they move by hand. Type and injection token in one. */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract now(): number;
  /**
   * Calls back once, `delayMs` from now.
   * @param options.keepAlive whether the timer holds the process open; default false
   */
  abstract setTimer(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }): ClockTimer;
}

/** The real time. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  setTimer(callback: () => void, delayMs: number, options: { keepAlive?: boolean } = {}): ClockTimer {
    // Node turns delays above 2^31−1 into 1 ms; callers re-check what is due, so an early call is safe.
    const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1));
    if (options.keepAlive !== true) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  }
}
