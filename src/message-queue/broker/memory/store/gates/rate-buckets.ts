import { closeBucket, lookAtBucket, spend } from '../../../../jobs/flow/rate-bucket.js';
import type { Bucket, BucketLook } from '../../../../jobs/flow/rate-bucket.js';
import type { RateLimit } from '../../../../jobs/flow/rate.js';

/** Buckets that are looked at whenever one changes, for whether they rest. */
const LOOKED_AT = 2;

/** The buckets of rates that do not rest, by their names. Times in microseconds. */
export class RateBuckets {
  private readonly buckets = new Map<string, Bucket>();

  look(name: string, now: number, rate: RateLimit): BucketLook {
    return lookAtBucket(this.buckets.get(name), now, rate);
  }

  /** So many jobs start. @param isWanted whether one is refused */
  spend(name: string, now: number, rate: RateLimit, count: number, isWanted: boolean): void {
    this.set(name, spend(this.look(name, now, rate), now, count, isWanted, rate), now);
  }

  close(name: string, now: number, rate: RateLimit, ms: number): void {
    this.set(name, closeBucket(this.buckets.get(name), now, ms, rate), now);
  }

  private set(name: string, bucket: Bucket, now: number): void {
    this.buckets.delete(name);
    this.buckets.set(name, bucket);
    let seen = 0;
    for (const [other, { keptUntil }] of this.buckets) {
      if (seen === LOOKED_AT || other === name) return;
      seen += 1;
      const kept = this.buckets.get(other);
      this.buckets.delete(other);
      if (kept !== undefined && keptUntil > now) this.buckets.set(other, kept);
    }
  }
}
