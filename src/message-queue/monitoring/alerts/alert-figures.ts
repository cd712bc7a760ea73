import { COUNTER_AT, emptyRecord, addRecord } from '../../jobs/activity/activity-record.js';
import type { ActivityCounter, ActivityRecord } from '../../jobs/activity/activity-record.js';
import type { BrokerLook, Instance } from '../../broker/activity-store.js';

/** What was counted of a queue within the minutes of the look: five to six of them. */
export function recordOf({ minutes }: BrokerLook, queue: string): ActivityRecord {
  const sum = emptyRecord();
  for (const minute of minutes) if (minute.queue === queue) addRecord(sum, minute.record);
  return sum;
}

/** One counter of a record. */
export function countOf(record: ActivityRecord, counter: ActivityCounter): number {
  return record[COUNTER_AT[counter]] as number;
}

/** Whether a process has handlers free or busy for a queue; for any queue where none is named. */
export function worksOn({ queues }: Instance, queue?: string): boolean {
  if (queue === undefined) return Object.values(queues).some(([slots]) => slots > 0);
  return (Object.hasOwn(queues, queue) ? (queues[queue]?.[0] ?? 0) : 0) > 0;
}

/** A number as a sentence has it. */
export function shownCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** How many of what there are, as a sentence has it: `1 job`, `1,240 jobs`. @param one the word for one; the others end in `s` */
export function shownMany(count: number, one: string): string {
  return `${shownCount(count)} ${one}${shownCount(count) === '1' ? '' : 's'}`;
}

/** A share as a sentence has it. */
export function shownShare(share: number): string {
  return `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 1 })} %`;
}

/** A time as a sentence has it: `840 ms`, `75 s`, `12 min`, `5 h`. */
export function shownTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toLocaleString('en-US', { maximumFractionDigits: 1 })} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
