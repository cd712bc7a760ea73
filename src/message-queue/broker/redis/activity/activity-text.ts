import { Packr } from 'msgpackr';
import { ACTIVITY_COUNTERS, addRecord, emptyRecord } from '../../../jobs/activity/activity-record.js';
import type { ActivityCounter, ActivityRecord } from '../../../jobs/activity/activity-record.js';
import type { ActivityMinute, ActivitySeries, BrokerLook, Instance } from '../../activity-store.js';
import { HOUR_MS, MINUTE_MS, byName, countersOf } from '../../rules/activity/activity-rules.js';
import { fromStored, toStored } from '../../rules/activity/stored-record.js';

/** Reply of the script that looks at what happened; what may hold any bytes has not been made a text. */
export type LookReply = readonly [now: Buffer, ...lists: (readonly Buffer[])[]];

const packr = new Packr({ useRecords: false });

/** Series as the script that flushes takes them: by queue, with what is added to the queue's totals. */
export function packSeries(series: readonly ActivitySeries[]): Buffer {
  const queues = new Map<string, { readonly jobs: (string | number[])[]; readonly sum: ActivityRecord }>();
  for (const { queue, job, record } of series) {
    const stored = toStored(record);
    if (stored.length === 0) continue;
    const known = queues.get(queue) ?? { jobs: [], sum: emptyRecord() };
    known.jobs.push(job, stored);
    addRecord(known.sum, record);
    queues.set(queue, known);
  }
  return packr.pack([...queues].map(([queue, { jobs, sum }]) => [queue, jobs, countersOf(sum).flat()]));
}

/** What an hour holds of a queue. @param fields of its hash */
export function readHour(
  queue: string,
  hour: number,
  fields: Readonly<Record<string, Buffer>>,
): ActivityMinute[] {
  return Object.entries(fields).flatMap(([field, bytes]) => {
    // Names of jobs may have spaces, and `names` has none.
    const split = field.lastIndexOf(' ');
    const record = unpacked(bytes);
    if (split < 0 || record === null) return [];
    const minute = hour * HOUR_MS + Number(field.slice(split + 1)) * MINUTE_MS;
    return [{ queue, job: field.slice(0, split), minute, record }];
  });
}

/** What the script answered, but for the counts of queues. */
export function readLook(reply: LookReply): Omit<BrokerLook, 'counts' | 'wrongKeys'> & {
  readonly wrong: readonly (readonly [name: string, holds: string, belongs: string])[];
} {
  const [now, minutes = [], instances = [], announced = [], alerts = [], totals = [], ...others] = reply;
  const [deploys = [], wrong = []] = others;
  return {
    at: Number(now),
    minutes: inGroups(minutes, 4).flatMap(([queue, job, minute, bytes]) => {
      const record = unpacked(bytes);
      return record === null ? [] : [{ queue: text(queue), job: text(job), minute: Number(minute), record }];
    }),
    instances: inGroups(instances, 2).flatMap(([seenAt, said]) => instanceOf(Number(seenAt), text(said))),
    announced: byName(announced.flatMap((said) => parsed(text(said)))),
    alerts: alerts.flatMap((said) => parsed(text(said))),
    totals: totalsOf(totals),
    deploys: inGroups(deploys, 2).map(([version, at]) => ({ version: text(version), at: Number(at) })),
    wrong: inGroups(wrong, 3).map(([name, holds, belongs]) => [text(name), text(holds), text(belongs)]),
  };
}

/** An object that was stored as JSON; nothing where somebody has put something else. */
export function parsed<T>(text: string): T[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? [value as T] : [];
  } catch {
    return [];
  }
}

function instanceOf(seenAt: number, said: string): Instance[] {
  // Behind the number of the last batch, and when it told of its queues.
  const json = /^\d+ \d+ (.*)$/s.exec(said)?.[1];
  return parsed<Instance>(json ?? '').map((heartbeat) => ({ ...heartbeat, seenAt }));
}

function totalsOf(fields: readonly Buffer[]): BrokerLook['totals'] {
  const totals = new Map<string, Partial<Record<ActivityCounter, number>>>();
  for (const [field, value] of inGroups(fields, 2)) {
    const name = text(field);
    const split = name.lastIndexOf(':');
    const [queue, counter] = [name.slice(0, split), name.slice(split + 1) as ActivityCounter];
    if (!ACTIVITY_COUNTERS.includes(counter)) continue;
    totals.set(queue, { ...totals.get(queue), [counter]: Number(value) });
  }
  return totals;
}

function text(bytes: Buffer | undefined): string {
  return bytes?.toString() ?? '';
}

function unpacked(bytes: Buffer = Buffer.alloc(0)): ActivityRecord | null {
  try {
    const list: unknown = packr.unpack(bytes);
    return Array.isArray(list) ? fromStored(list as number[]) : null;
  } catch {
    return null;
  }
}

function inGroups<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.floor(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}
