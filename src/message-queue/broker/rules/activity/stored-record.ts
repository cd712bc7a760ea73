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

/** Where codes of the buckets of waits begin, and those of run times: all of them stay below 128, which MessagePack writes in one byte. */
const WAITS_FROM = 32;
const RUNS_FROM = 80;

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
  return at < RUNS_AT ? WAITS_FROM + at - WAITS_AT : RUNS_FROM + at - RUNS_AT;
}

function placeOf(code: number): number | null {
  if (code < WAITS_FROM) return code < WAITS_AT ? code : null;
  const [from, at] = code < RUNS_FROM ? [WAITS_FROM, WAITS_AT] : [RUNS_FROM, RUNS_AT];
  return code - from < DURATION_BUCKETS ? at + code - from : null;
}
