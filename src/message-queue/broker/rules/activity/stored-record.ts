import {
  DURATION_BUCKETS,
  RECORD_LENGTH,
  RUNS_AT,
  WAITS_AT,
  emptyRecord,
} from '../../../jobs/activity/activity-record.js';
import type { ActivityRecord } from '../../../jobs/activity/activity-record.js';

/**
 * A record as it is stored: `[code, value, code, value …]`, only what is not 0. Codes outlive releases: a counter's is its place in
 * `ACTIVITY_COUNTERS`, a bucket's does not move when a counter is added.
 */
export type StoredRecord = readonly number[];

/** Codes of the buckets of waits begin here, those of run times at twice as much. */
const BUCKETS_FROM = 100;

/** @param record numbers of a series, or a change of them */
export function toStored(record: ActivityRecord): number[] {
  const stored: number[] = [];
  for (let at = 0; at < RECORD_LENGTH; at++) {
    const value = record[at] as number;
    if (value !== 0) stored.push(codeOf(at), value);
  }
  return stored;
}

/** Codes that this release does not know are left out: a later one wrote them. */
export function fromStored(stored: StoredRecord): ActivityRecord {
  const record = emptyRecord();
  for (let i = 0; i + 1 < stored.length; i += 2) {
    const at = placeOf(stored[i] as number);
    if (at !== null) record[at] = Number(stored[i + 1]) || 0;
  }
  return record;
}

/** Adds one to the other: what the script on Redis does to a field. */
export function mergeStored(stored: StoredRecord, more: StoredRecord): StoredRecord {
  const sums = new Map<number, number>();
  for (const list of [stored, more]) {
    for (let i = 0; i + 1 < list.length; i += 2) {
      const code = list[i] as number;
      sums.set(code, (sums.get(code) ?? 0) + (list[i + 1] as number));
    }
  }
  return [...sums].flat();
}

function codeOf(at: number): number {
  if (at < WAITS_AT) return at;
  return at < RUNS_AT ? BUCKETS_FROM + at - WAITS_AT : 2 * BUCKETS_FROM + at - RUNS_AT;
}

function placeOf(code: number): number | null {
  const bucket = code % BUCKETS_FROM;
  if (code < BUCKETS_FROM) return bucket < WAITS_AT ? bucket : null;
  if (bucket >= DURATION_BUCKETS) return null;
  if (code < 2 * BUCKETS_FROM) return WAITS_AT + bucket;
  return code < 3 * BUCKETS_FROM ? RUNS_AT + bucket : null;
}
