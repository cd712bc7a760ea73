import fc from 'fast-check';
import type { RateLimit } from './rate.js';
import { closeBucket, grant, lookAtBucket } from './rate-bucket.js';
import type { Bucket } from './rate-bucket.js';

const START = 1_900_000_000_000_000;
const CATCH_UP_MS = 50;
const SECOND = 1_000_000;

const rates = fc.record({
  limit: fc.integer({ min: 1, max: 2_000 }),
  perMs: fc.integer({ min: 1, max: 60_000 }),
  burst: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
}) as fc.Arbitrary<RateLimit>;
/** How long each call comes after the one before, or after the bucket has opened, and how many jobs it asks for. */
const calls = fc.array(
  fc.record({
    afterOpening: fc.boolean(),
    gapUs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 150_000 })),
    count: fc.integer({ min: 1, max: 40 }),
  }),
  { maxLength: 80 },
);
interface Call {
  readonly afterOpening: boolean;
  readonly gapUs: number;
  readonly count: number;
}

const stepOf = ({ limit, perMs }: RateLimit): number => (perMs * 1_000) / limit;

/** Starts that are too many in the window that they span; the slack in milliseconds. */
function excess(
  starts: readonly number[],
  { limit, perMs, burst = 1 }: RateLimit,
  slackMs: number,
): string[] {
  return starts.flatMap((from, i) =>
    starts.slice(i).flatMap((to, more) => {
      const allowed = burst + (limit * ((to - from) / 1_000 + slackMs)) / perMs;
      return more + 1 > allowed + 1e-6 ? [`${more + 1} within ${to - from} µs, ${allowed} are allowed`] : [];
    }),
  );
}

/** Many who ask one bucket. */
class Asked {
  bucket: Bucket | undefined;
  now = START;
  readonly starts: number[] = [];

  wait({ afterOpening, gapUs }: Call): void {
    this.now = Math.max(this.now, afterOpening ? Math.abs(this.bucket?.next ?? 0) : 0) + gapUs;
  }

  ask(count: number, rate: RateLimit): number {
    const answer = grant(this.bucket, this.now, count, rate);
    this.bucket = answer.bucket;
    for (let i = 0; i < answer.granted; i += 1) this.starts.push(this.now);
    return answer.granted;
  }
}

describe('the bucket of a rate', () => {
  it('lets no more start in any window than the rate says', () => {
    fc.assert(
      fc.property(rates, calls, (rate, made) => {
        const asked = new Asked();
        for (const call of made) {
          asked.wait(call);
          asked.ask(call.count, rate);
        }
        expect(excess(asked.starts, rate, CATCH_UP_MS)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('lets no more start after a rest than its burst: what nobody waited for is not caught up with', () => {
    fc.assert(
      fc.property(rates, calls, (rate, made) => {
        const asked = new Asked();
        for (const call of made) {
          asked.wait(call);
          const { free } = lookAtBucket(asked.bucket, asked.now, rate);
          asked.ask(Math.min(call.count, free), rate);
        }
        // It is kept for whole milliseconds.
        expect(excess(asked.starts, rate, 1.01)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('loses no start to timers that are up to 50 ms late while jobs wait', () => {
    const lateness = fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 50, maxLength: 300 });
    fc.assert(
      fc.property(rates, lateness, (rate, late) => {
        const asked = new Asked();
        asked.ask(Number.MAX_SAFE_INTEGER / 1e6, rate);
        for (const lateUs of late) {
          asked.now = Math.max(asked.now, Math.abs(asked.bucket?.next ?? 0)) + lateUs;
          asked.ask(Number.MAX_SAFE_INTEGER / 1e6, rate);
        }
        // The last timer's lateness can still be caught up with; each call rounds up to a microsecond.
        const wantedUs = asked.now - START - CATCH_UP_MS * 1_000 - late.length;
        expect(asked.starts.length).toBeGreaterThanOrEqual(Math.floor(wantedUs / stepOf(rate)));
      }),
      { numRuns: 200 },
    );
  });

  it('says when the next one may start, and lets it start then and not before', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const first = grant(undefined, START, 1_000_000, rate);
        expect(first.granted).toBe(rate.burst ?? 1);
        expect(grant(first.bucket, first.opensAt - 1, 1, rate).granted).toBe(0);
        expect(grant(first.bucket, first.opensAt, 1, rate).granted).toBe(1);
      }),
    );
  });

  it('is spread evenly without a burst', () => {
    const asked = new Asked();
    const rate = { limit: 10, perMs: 1_000 };
    for (let ms = 0; ms <= 1_000; ms += 1) {
      asked.now = START + ms * 1_000;
      asked.ask(5, rate);
    }
    expect(asked.starts.map((at) => (at - START) / 1_000)).toEqual([
      0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000,
    ]);
  });

  it('is not kept once it is full', () => {
    const rate = { limit: 10, perMs: 1_000, burst: 3 };
    const { bucket } = grant(undefined, START, 2, rate);
    expect(bucket?.keptUntil).toBe(START + 200_000);
    const { bucket: wanted } = grant(undefined, START, 4, rate);
    expect(wanted?.keptUntil).toBe(START + 350_000);
    expect(grant(undefined, START, 0, rate).bucket).toBeUndefined();
  });

  describe('of a rate that a deploy changes', () => {
    it('goes by the new rate at once', () => {
      fc.assert(
        fc.property(rates, rates, calls, (before, after, made) => {
          const asked = new Asked();
          asked.ask(1_000, before);
          const { now } = asked;
          asked.starts.length = 0;
          for (const call of made) {
            asked.wait(call);
            asked.ask(call.count, after);
          }
          expect(excess(asked.starts, after, CATCH_UP_MS)).toEqual([]);
          // A slower rate before keeps nobody waiting.
          const opensAt = grant(grant(undefined, now, 1_000, before).bucket, now, 1, after).opensAt;
          expect(opensAt).toBeLessThanOrEqual(now + Math.ceil(stepOf(after)));
        }),
        { numRuns: 200 },
      );
    });

    it('opens by the new rate although everybody only asks', () => {
      const slow = { limit: 1, perMs: 3_600_000 };
      const asked = new Asked();
      asked.ask(1, slow);
      for (let i = 0; i < 20; i += 1) {
        asked.now += SECOND / 100;
        asked.ask(1, { limit: 10, perMs: 1_000 });
      }
      expect(asked.starts).toHaveLength(2);
    });
  });

  describe('that somebody closed', () => {
    const rate = { limit: 100, perMs: 1_000, burst: 20 };

    it('stays closed for as long, whatever the rate, and starts without a burst', () => {
      const bucket = closeBucket(undefined, START, 30_000, rate);
      const opensAt = START + 30 * SECOND;
      for (const asking of [rate, { limit: 1, perMs: 1 }]) {
        const refused = grant(bucket, opensAt - 1, 5, asking);
        expect(refused).toMatchObject({ granted: 0, opensAt });
        expect(grant(refused.bucket, opensAt - 1, 5, asking).granted).toBe(0);
      }
      const opened = grant(bucket, opensAt, 5, rate);
      expect(opened).toMatchObject({ granted: 1, opensAt: opensAt + SECOND / 100 });
      expect(grant(opened.bucket, opensAt + 1, 5, rate).granted).toBe(0);
    });

    it('is not closed for shorter than it is already', () => {
      const bucket = closeBucket(undefined, START, 30_000, rate);
      const shorter = closeBucket(bucket, START + SECOND, 1_000, rate);
      expect(grant(shorter, START + 2 * SECOND, 1, rate).opensAt).toBe(START + 30 * SECOND);
    });
  });
});
