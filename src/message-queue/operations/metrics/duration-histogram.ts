import {
  COUNTER_AT,
  DURATION_BOUNDS,
  DURATION_BUCKETS,
  RUNS_AT,
  WAITS_AT,
} from '../../jobs/activity/activity-record.js';
import type { ActivityRecord } from '../../jobs/activity/activity-record.js';
import type { Sample } from './exposition.js';

/** Upper bounds of the buckets that are shown, milliseconds: some of those that are counted, so that each is exact. */
export const SHOWN_BOUNDS_MS: readonly number[] = [
  ...[10, 50, 100, 500, 1_000, 5_000],
  ...[10_000, 30_000, 60_000, 300_000, 600_000],
];

const SHOWN: readonly { readonly le: string; readonly buckets: number }[] = [
  ...SHOWN_BOUNDS_MS.map((bound) => ({
    le: String(bound / 1_000),
    buckets: DURATION_BOUNDS.indexOf(bound) + 1,
  })),
  { le: '+Inf', buckets: DURATION_BUCKETS },
];

/** The waits or the run times of a record as the lines of a histogram in seconds: 12 buckets, sum and count. */
export function durationHistogram(
  of: 'wait' | 'run',
  record: ActivityRecord,
  labels: Sample['labels'],
): readonly Sample[] {
  const from = of === 'wait' ? WAITS_AT : RUNS_AT;
  let counted = 0;
  let below = 0;
  const buckets = SHOWN.map(({ le, buckets: upTo }): Sample => {
    while (counted < upTo) below += record[from + counted++] as number;
    return { part: 'bucket', labels: { ...labels, le }, value: below };
  });
  const sumMs = record[of === 'wait' ? COUNTER_AT.waitMs : COUNTER_AT.runMs] as number;
  return [...buckets, { part: 'sum', labels, value: sumMs / 1_000 }, { part: 'count', labels, value: below }];
}
