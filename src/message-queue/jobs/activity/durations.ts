import { DURATION_BOUNDS, DURATION_BUCKETS } from './activity-record.js';
import type { ActivityRecord } from './activity-record.js';
import { COUNTER_AT, RUNS_AT, WAITS_AT } from './activity-record.js';

/** Run times or waits over some time, milliseconds; null where there were none. */
export interface Durations {
  readonly avg: number | null;
  /** Interpolated inside its bucket: between two neighbouring bounds. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

const NONE: Durations = { avg: null, p50: null, p95: null, p99: null };

/** The waits of a record. */
export function waitsOf(record: ActivityRecord): Durations {
  return durationsOf(record, COUNTER_AT.waitMs, WAITS_AT);
}

/** The run times of a record. */
export function runsOf(record: ActivityRecord): Durations {
  return durationsOf(record, COUNTER_AT.runMs, RUNS_AT);
}

function durationsOf(record: ActivityRecord, sumAt: number, bucketsAt: number): Durations {
  const buckets = record.subarray(bucketsAt, bucketsAt + DURATION_BUCKETS);
  const count = buckets.reduce((sum, one) => sum + one, 0);
  if (count <= 0) return NONE;
  return {
    avg: rounded((record[sumAt] as number) / count),
    p50: rounded(percentile(buckets, count, 0.5)),
    p95: rounded(percentile(buckets, count, 0.95)),
    p99: rounded(percentile(buckets, count, 0.99)),
  };
}

/** Of what is longer than the last bound nothing more is known: it stands for the last bound. */
function percentile(buckets: Float64Array, count: number, share: number): number {
  const wanted = count * share;
  let below = 0;
  for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
    const inside = buckets[bucket] as number;
    if (inside > 0 && below + inside >= wanted) {
      const low = DURATION_BOUNDS[bucket - 1] ?? 0;
      const high = DURATION_BOUNDS[bucket] ?? low;
      return low + ((high - low) * (wanted - below)) / inside;
    }
    below += inside;
  }
  return DURATION_BOUNDS.at(-1) as number;
}

/** To a hundredth of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
