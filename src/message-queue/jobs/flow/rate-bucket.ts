import type { RateLimit } from './rate.js';

/** How late starts may be caught up with while jobs wait, microseconds: timers come late, and 10/s must not become 9.8/s. */
const CATCH_UP_US = 50_000;

/** What is stored of a rate. Nothing is while it rests: then it is full. */
export interface Bucket {
  /**
   * When the next job may start, microseconds since the epoch: one that has passed counts as so much to spend. Negative: closed until then
   * by whoever said so, whatever the rate is meanwhile.
   */
  readonly next: number;
  /** From then on nothing is stored, microseconds since the epoch. */
  readonly keptUntil: number;
}

/** How a bucket stands at a time. */
export interface BucketLook {
  /** As in {@link Bucket}, but not further back than may be spent; when the bucket opens, where `free` is 0. */
  readonly next: number;
  /** Jobs that may start now. */
  readonly free: number;
  readonly isClosed: boolean;
}

/** What a bucket answered. */
export interface Grant {
  /** Jobs that may start now. */
  readonly granted: number;
  /** When the next one may, microseconds since the epoch. */
  readonly opensAt: number;
  readonly bucket: Bucket | undefined;
}

/**
 * Looks at a bucket. The same arithmetic as `rates.lua`: whole microseconds, so that both give the same numbers.
 * A time that is further ahead than the rate could have put it comes from a slower rate, or a clock that was set back: it counts as that far.
 */
export function lookAtBucket(bucket: Bucket | undefined, now: number, rate: RateLimit): BucketLook {
  const { burst = 1 } = rate;
  if (bucket === undefined || now >= bucket.keptUntil) {
    return { next: now - costOf(rate, burst - 1), free: burst, isClosed: false };
  }
  if (bucket.next < 0 && now < -bucket.next) return { next: -bucket.next, free: 0, isClosed: true };
  const latest = now + costOf(rate, 1);
  const earliest = now - costOf(rate, burst - 1) - CATCH_UP_US;
  const next = Math.max(earliest, Math.min(latest, Math.abs(bucket.next)));
  const free = next > now ? 0 : Math.floor(((now - next) * rate.limit) / (rate.perMs * 1_000)) + 1;
  return { next, free, isClosed: false };
}

/**
 * The bucket after some of its free starts were made. It is kept until it is full again, and a little longer while a job waits for it, which
 * is all that tells a late timer from a rest: what a rest leaves over is not caught up with.
 * @param isWanted whether a job was refused
 */
export function spend(
  look: BucketLook,
  now: number,
  count: number,
  isWanted: boolean,
  rate: RateLimit,
): Bucket {
  const { burst = 1 } = rate;
  const next = look.next + costOf(rate, count);
  const restsAt = next + costOf(rate, burst - 1) + (isWanted ? CATCH_UP_US : 0);
  return { next: look.isClosed ? -next : next, keptUntil: now + wholeMs(restsAt - now) };
}

/** How many of `count` jobs may start now. */
export function grant(bucket: Bucket | undefined, now: number, count: number, rate: RateLimit): Grant {
  const look = lookAtBucket(bucket, now, rate);
  const granted = Math.min(count, look.free);
  const isWanted = granted < count;
  if (granted === 0 && !isWanted) return { granted, opensAt: look.next, bucket };
  const after = spend(look, now, granted, isWanted, rate);
  return { granted, opensAt: Math.abs(after.next), bucket: after };
}

/** Closes a bucket for so many milliseconds, never for shorter than it is closed already. */
export function closeBucket(bucket: Bucket | undefined, now: number, ms: number, rate: RateLimit): Bucket {
  const look = lookAtBucket(bucket, now, rate);
  const next = Math.max(look.next, now + Math.ceil(ms * 1_000));
  return spend({ next, free: 0, isClosed: true }, now, 0, true, rate);
}

/** How long a rate takes for so many starts, microseconds, rounded up: in whole numbers no start comes too early. */
export function costOf({ limit, perMs }: RateLimit, starts: number): number {
  return Math.ceil((starts * perMs * 1_000) / limit);
}

function wholeMs(us: number): number {
  return Math.ceil(us / 1_000) * 1_000;
}
