/** What is counted of a series. Their order is that of a record; new ones go to the end, since records are stored. */
export const ACTIVITY_COUNTERS = [
  /** Jobs that were added. */
  'added',
  /** Adds that were refused: the queue is full, the payload is wrong, the broker is away. */
  'refused',
  /** Runs that ended well. */
  'completed',
  /** Attempts that failed, those that timed out included. */
  'failed',
  /** Jobs that were put back for another attempt. */
  'retried',
  /** Runs that spent no attempt: an open circuit, `RetryLaterError`, a destination that takes nothing for now. */
  'deferred',
  /** Jobs that became dead letters. */
  'dead',
  /** Attempts that took longer than the queue allows. */
  'timedOut',
  /** Attempts whose worker died. */
  'crashed',
  /** Jobs that were cancelled. */
  'cancelled',
  /** Jobs that ended as expired: not started in time. */
  'expired',
  /** Jobs that ended as shredded. */
  'shredded',
  /** Sum of the waits, milliseconds. */
  'waitMs',
  /** Sum of the run times of attempts, milliseconds. */
  'runMs',
] as const;

/** One of {@link ACTIVITY_COUNTERS}. */
export type ActivityCounter = (typeof ACTIVITY_COUNTERS)[number];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Upper bounds of the buckets of both histograms, milliseconds, inclusive; after the last one there is a bucket for all that is longer. */
export const DURATION_BOUNDS: readonly number[] = [
  ...[1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700],
  ...[1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90].map((seconds) => seconds * SECOND),
  ...[2, 3, 5, 7.5, 10, 15, 30].map((minutes) => minutes * MINUTE),
];

/** Buckets of a histogram: one for each bound, and one for what is longer. */
export const DURATION_BUCKETS = DURATION_BOUNDS.length + 1;

/** Where the histogram of waits begins in a record. */
export const WAITS_AT: number = ACTIVITY_COUNTERS.length;
/** Where the histogram of run times begins in a record. */
export const RUNS_AT = WAITS_AT + DURATION_BUCKETS;
/** Numbers of a record: the counters, the waits, the run times. */
export const RECORD_LENGTH = RUNS_AT + DURATION_BUCKETS;

/** Numbers of one series over some time: counters, then both histograms. Made by {@link emptyRecord}. */
export type ActivityRecord = Float64Array;

/** A record of nothing. */
export function emptyRecord(): ActivityRecord {
  return new Float64Array(RECORD_LENGTH);
}

/** Where a counter stands in a record. */
export const COUNTER_AT = Object.fromEntries(
  ACTIVITY_COUNTERS.map((name, index) => [name, index]),
) as Readonly<Record<ActivityCounter, number>>;

/** The bucket of a duration, from 0. @param ms milliseconds */
export function bucketOf(ms: number): number {
  let low = 0;
  let high = DURATION_BOUNDS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ms <= (DURATION_BOUNDS[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Adds a record to another. */
export function addRecord(sum: ActivityRecord, record: ArrayLike<number>): void {
  for (let i = 0; i < RECORD_LENGTH; i++) sum[i] = (sum[i] as number) + (record[i] ?? 0);
}

/** The name under which jobs are counted that no definition names, and those beyond the most series that are kept. */
export const OTHER_JOBS = 'other';
