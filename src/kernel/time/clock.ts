import { inRootContext } from '../host/root-context.js';

/** A timer that can be taken back. */
export interface ClockTimer {
  cancel(): void;
}

/** The longest delay that a timer of Node keeps; beyond it, it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Where time comes from. Tests replace it with a clock they move by hand. Type and injection token in one. */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract now(): number;
  /**
   * Calls back once, `delayMs` from now, in nobody's context: what is due belongs to no request.
   * @param options.keepAlive whether the timer holds the process open; default false
   */
  abstract setTimer(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }): ClockTimer;

  /** A clock that shows the same time now, and goes on evenly whatever this one is set to: for what lasts, and what is due. */
  steady(): Clock {
    return steadyClockOf(this);
  }
}

/** The time of this machine, which may be set forward and back while the process runs. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  setTimer(callback: () => void, delayMs: number, options: { keepAlive?: boolean } = {}): ClockTimer {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : callback()), stepMs);
      if (options.keepAlive !== true) timer.unref();
    };
    inRootContext(() => wait(delayMs));
    return { cancel: () => clearTimeout(timer) };
  }
}

/** Only this machine's clock is ever set by somebody else: a clock of a test, or of a host, goes as its owner wants. */
function steadyClockOf(clock: Clock): Clock {
  return clock instanceof SystemClock ? new SteadyClock(clock) : clock;
}

/** Goes on evenly from the time that another clock showed when it was made. */
class SteadyClock extends Clock {
  private readonly base: number;

  constructor(private readonly origin: Clock) {
    super();
    this.base = origin.now() - performance.now();
  }

  now(): number {
    return Math.floor(this.base + performance.now());
  }

  setTimer(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }): ClockTimer {
    return this.origin.setTimer(callback, delayMs, options);
  }
}
