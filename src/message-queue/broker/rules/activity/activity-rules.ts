import { ACTIVITY_COUNTERS } from '../../../jobs/activity/activity-record.js';
import type { ActivityCounter, ActivityRecord } from '../../../jobs/activity/activity-record.js';
import { InvalidJobOptionsError } from '../../../jobs/errors.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** The minute under way and five before it. */
const LIVE_MINUTES = 6;

/** How many hours of history are kept unless the host says otherwise. */
export const DEFAULT_HISTORY_HOURS = 72;
/** An hour is kept so much longer than the history, hours: until its last minute is too old, and for clocks that differ. */
const KEPT_BEYOND_HOURS = 2;

/** Entries of operators that are kept, and versions that are remembered. */
export const MOST_NOTES = 10_000;
export const MOST_VERSIONS = 100;
/** After so long a process tells of its queues again, milliseconds: who does not is forgotten with the history. */
export const ANNOUNCE_EVERY_MS = 60 * MINUTE_MS;
/** The number of the last batch of a process that is gone is known for so long, milliseconds: a resend may come late. */
export const NUMBERS_KEPT_MS = 24 * HOUR_MS;

/** Hours since the epoch. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}

/** Begins of the minutes that a look has, the oldest first. */
export function liveMinutes(at: number): number[] {
  const current = Math.floor(at / MINUTE_MS);
  return Array.from({ length: LIVE_MINUTES }, (_, i) => (current - LIVE_MINUTES + 1 + i) * MINUTE_MS);
}

/** How long what was counted within an hour is kept from its begin, milliseconds. */
export function keptMs(historyHours: number): number {
  return (historyHours + KEPT_BEYOND_HOURS) * HOUR_MS;
}

/** The counters of a record by name, those that are not 0. */
export function countersOf(record: ActivityRecord): [ActivityCounter, number][] {
  return ACTIVITY_COUNTERS.flatMap((counter, at): [ActivityCounter, number][] => {
    const value = record[at] as number;
    return value === 0 ? [] : [[counter, value]];
  });
}

/** In the order in which queues are told. */
export function byName<T extends { readonly name: string }>(queues: readonly T[]): T[] {
  return queues.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Where an alert is stored. */
export function alertKey({ rule, queue }: { readonly rule: string; readonly queue: string }): string {
  return `${rule}|${queue}`;
}

const ENTRY_ID = /^(\d{1,15})-(\d{1,15})$/;

/** The id of an entry of operators: when it was written, and its place within that millisecond. @throws InvalidJobOptionsError */
export function entryId(text: string): readonly [at: number, place: number] {
  const match = ENTRY_ID.exec(text);
  if (match === null) {
    const message = `must be the id of an entry, such as 1767225600000-0, not ${JSON.stringify(text.slice(0, 50))}`;
    throw new InvalidJobOptionsError('The entries of operators cannot be read.', [
      { path: 'before', message },
    ]);
  }
  return [Number(match[1]), Number(match[2])];
}
