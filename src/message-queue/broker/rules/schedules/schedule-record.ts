import { createHash } from 'node:crypto';
import { isRecord } from '../../../../kernel/values/kinds.js';
import type { RepeatTimes } from '../../../admission/repeat-times.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';

/** What a schedule's `repeat` says; `jobId` tells schedules with the same times apart. */
export interface ScheduleRepeat extends RepeatTimes {
  readonly limit?: number;
  readonly jobId?: string | number;
}

/** Why a schedule has no more runs. */
export type ScheduleEnd = 'limit' | 'endDate' | 'removed' | 'unreadable';

/**
 * What is stored of a schedule beside Bull's own layout, in which the set `repeat` knows when its next run is due, and that
 * run stands among the delayed jobs. With the record a schedule outlives its pending run.
 */
export interface ScheduleRecord {
  /** Name of the job. */
  readonly name: string;
  /** The payload as JSON. */
  readonly data: string;
  /** What each run is added with; nothing that belongs to one run. */
  readonly options: ManagedJobOptions;
  readonly repeat: ScheduleRepeat;
  /** Declared in code, which says whether it exists. */
  readonly isDeclared?: true;
  /** How many runs have begun. */
  readonly runs: number;
  /** Since when it is there, milliseconds since the epoch; not known of those of versions before, and of plain Bull's. */
  readonly madeAt?: number;
  /** The run that began last: when it was due, milliseconds since the epoch, and its id. */
  readonly last?: { readonly dueAt: number; readonly jobId: string };
  /** Since when it is paused, milliseconds since the epoch. */
  readonly pausedAt?: number;
  readonly ended?: { readonly at: number; readonly why: ScheduleEnd };
}

/** A schedule as it is stored: under a key of its own, with the time of its next run. */
export interface StoredSchedule {
  readonly key: string;
  /** Null for one that only Bull's layout knows. */
  readonly record: ScheduleRecord | null;
  /** Its name in the set `repeat`. */
  readonly member: string;
  /** When its next run is due, milliseconds since the epoch; null when it is not in that set. */
  readonly nextAt: number | null;
}

/** One run of a schedule. */
export interface ScheduledRun {
  readonly id: string;
  readonly name: string;
  readonly data: string;
  readonly options: ManagedJobOptions;
}

/** Latest time that a Date can hold. */
const LAST_TIME = 8.64e15;
/** Prefixes of the ids of schedules with a key of their own: declared in code (a hash follows the key), or made by a host. */
const DECLARED = 'mq-schedule.';
const KEYED = 'mq-host.';

/** The key under which Bull keeps a schedule. */
export function memberOf(name: string, { cron, every, tz, endDate, jobId }: ScheduleRepeat): string {
  const end = endDate ? `${new Date(endDate).getTime()}:` : ':';
  const suffix = cron ? `${tz ? `${tz}:` : ':'}${cron}` : String(every);
  return `${name}:${jobId ? `${jobId}:` : ':'}${end}${suffix}`;
}

/** The key of a schedule by its name in Bull's layout: its own, or that name. */
export function keyOfMember(member: string): string {
  const id = member.split(':')[1] ?? '';
  if (id.startsWith(KEYED)) return id.slice(KEYED.length);
  if (id.startsWith(DECLARED)) return id.slice(DECLARED.length, id.lastIndexOf('.'));
  return member;
}

/** Whether a schedule was declared, by its name in Bull's layout. */
export function isDeclaredMember(member: string): boolean {
  return (member.split(':')[1] ?? '').startsWith(DECLARED);
}

/** The id of the run that is due at a time, milliseconds since the epoch. */
export function runIdOf(member: string, dueAt: number): string {
  const [name = '', id = ''] = member.split(':');
  return `repeat:${md5(`${name}${id}:${md5(member)}`)}:${dueAt}`;
}

/** The run of a schedule that is due at a time, to be added now; both milliseconds since the epoch. */
export function runOf(record: ScheduleRecord, dueAt: number, now: number): ScheduledRun {
  const { name, data, options, repeat, runs } = record;
  const member = memberOf(name, repeat);
  const id = runIdOf(member, dueAt);
  return {
    id,
    name,
    data,
    options: {
      ...options,
      jobId: id,
      delay: Math.max(0, dueAt - now),
      timestamp: now,
      prevMillis: dueAt,
      repeat: { ...repeat, count: runs + 1, key: member } as ManagedJobOptions['repeat'],
    },
  };
}

/** What a job that runs says about its schedule; null for a job of no schedule. */
export function runDetails({ opts }: { readonly opts: object }): {
  readonly member: string;
  readonly dueAt: number;
  readonly count: number;
  readonly repeat: ScheduleRepeat;
} | null {
  const { repeat, prevMillis } = opts as { readonly repeat?: unknown; readonly prevMillis?: unknown };
  if (!isRecord(repeat) || typeof prevMillis !== 'number') return null;
  const { key, count, ...times } = repeat;
  if (typeof key !== 'string') return null;
  return { member: key, dueAt: prevMillis, count: typeof count === 'number' ? count : 1, repeat: times };
}

/** The record that a text holds; null for one that cannot be read. */
export function readRecord(text: string): ScheduleRecord | null {
  try {
    const record = JSON.parse(text) as ScheduleRecord;
    const { name, data, options, repeat, runs, madeAt, last, pausedAt, ended } = record;
    JSON.parse(data);
    const isWhole = typeof name === 'string' && typeof data === 'string' && typeof runs === 'number';
    const hasParts = isRecord(options) && isRecord(repeat) && [last, ended].every(isPartOrNone);
    const times = [madeAt, pausedAt, last?.dueAt, ended?.at, repeat.startDate, repeat.endDate];
    return isWhole && hasParts && isTimeOrNone(runs) && times.every(isTimeOrNone) ? record : null;
  } catch {
    return null;
  }
}

const isPartOrNone = (value: unknown): boolean => value === undefined || isRecord(value);

function isTimeOrNone(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && Math.abs(value) <= LAST_TIME);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
