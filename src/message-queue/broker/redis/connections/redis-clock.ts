import { Clock, SystemClock } from '../../../../kernel/time/clock.js';
import type { ClockTimer } from '../../../../kernel/time/clock.js';

/** How old the comparison with Redis may be when the time is asked for, milliseconds. */
const COMPARE_EVERY_MS = 10_000;
/** A difference that no job notices, and no clock that is synchronised has, milliseconds. */
const WRONG_FROM_MS = 1_000;

/** What Redis answers to TIME. */
type TimeReply = readonly (string | number)[];

/**
 * Redis' clock as this process knows it: what decides when jobs are due and how old they are, whatever the clocks of the
 * processes say. Compared with Redis on each connection and while it is used; in between it goes on evenly, also while this
 * machine's clock is set.
 */
export class RedisClock extends Clock {
  private readonly timers = new SystemClock();
  /** What must be added to `performance.now()`. Until Redis was asked, this machine's clock is the best guess. */
  private base = Date.now() - performance.now();
  private comparedAt = Number.NEGATIVE_INFINITY;
  private isKnownWrong = false;

  /**
   * @param ask asks Redis for its time; null while it cannot be asked
   * @param onWrong told once when this machine's clock turns out to be wrong, and again after it was right
   */
  constructor(
    private readonly ask: () => Promise<TimeReply> | null,
    private readonly onWrong: (message: string) => void,
  ) {
    super();
  }

  /** Whole milliseconds since the epoch. */
  now(): number {
    const elapsed = performance.now();
    if (elapsed - this.comparedAt > COMPARE_EVERY_MS) void this.compare();
    return Math.floor(elapsed + this.base);
  }

  /** Changes when a comparison showed that the time was not right: see `corrected`. */
  get offset(): number {
    return this.base;
  }

  /** A time that was read while the offset was `offset`, as it is known to have been by now. */
  corrected(at: number, offset: number): number {
    return offset === this.base ? at : Math.round(at + this.base - offset);
  }

  /** Redis' clock minus this machine's, milliseconds. */
  get aheadMs(): number {
    return Math.round(performance.now() + this.base - Date.now());
  }

  setTimer(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }): ClockTimer {
    return this.timers.setTimer(callback, delayMs, options);
  }

  /** Asks Redis. @returns the round trip in milliseconds; null when Redis did not say */
  async compare(): Promise<number | null> {
    const sentAt = performance.now();
    const asked = this.ask();
    if (asked === null) return null;
    this.comparedAt = sentAt;
    try {
      const [seconds, micros] = await asked;
      const tripMs = performance.now() - sentAt;
      this.note(Number(seconds) * 1_000 + Number(micros) / 1_000 - sentAt, tripMs);
      return tripMs;
    } catch {
      // A server that keeps its time to itself leaves us with ours; a lost connection is followed by another comparison.
      return null;
    }
  }

  /** @param latest what the offset is if the answer took no time at all; it is at most `tripMs` less */
  private note(latest: number, tripMs: number): void {
    const isWithin = this.base <= latest + 1 && this.base >= latest - tripMs - 1;
    if (!isWithin) this.base = latest - tripMs / 2;
    const { aheadMs } = this;
    const isWrong = Math.abs(aheadMs) > WRONG_FROM_MS + tripMs;
    if (isWrong && !this.isKnownWrong) this.onWrong(wrongClock(aheadMs));
    this.isKnownWrong = isWrong;
  }
}

/** @param aheadMs the broker's clock minus this machine's */
function wrongClock(aheadMs: number): string {
  const off =
    Math.abs(aheadMs) >= 10_000 ? `${Math.round(Math.abs(aheadMs) / 1_000)} s` : `${Math.abs(aheadMs)} ms`;
  return (
    `This machine's clock is ${off} ${aheadMs > 0 ? 'behind' : 'ahead of'} Redis'. Jobs go by Redis' clock and run on time; ` +
    'what handlers and logs take from this clock is wrong. Synchronise it (NTP), or that of Redis.'
  );
}
