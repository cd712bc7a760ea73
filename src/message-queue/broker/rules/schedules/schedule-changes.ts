import { nextRepeat } from '../../../admission/repeat-times.js';
import { nextRunOptions } from './next-run-options.js';
import { definitionOf, isSameDefinition, isSameTimes } from './schedule-definition.js';
import type { ScheduleDefinition } from './schedule-definition.js';
import { isDeclaredMember, runDetails } from './schedule-record.js';
import type { ScheduleEnd, ScheduleRecord, StoredSchedule } from './schedule-record.js';

/** How long a schedule that has ended is still known. */
const ENDED_KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

/** What a schedule becomes. */
export interface ScheduleChange {
  readonly key: string;
  /** What was found; null: nothing. */
  readonly from: StoredSchedule | null;
  /** What is stored from now on; null: nothing. */
  readonly to: ScheduleRecord | null;
  /** When its next run is due, milliseconds since the epoch; null when none is planned. */
  readonly nextAt: number | null;
}

/** What an add did to a schedule. */
export type ScheduleAddition = 'created' | 'updated' | 'unchanged';

/** When changes are made. */
export interface ChangeTime {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Shortest time between two runs, milliseconds. */
  readonly minRepeatMs: number;
}

/** The job of a run that begins. */
export interface RunningJob {
  readonly id: string;
  readonly name: string;
  /** The payload as JSON. */
  readonly data: string;
  readonly opts: object;
}

/** How a pending run stands: in no list, before its turn, being run, or ended without having begun. */
export type PendingState = 'gone' | 'delayed' | 'waiting' | 'active' | 'finished';

/**
 * A schedule is added, whether or not it was there.
 * @throws Error when its times cannot be read
 */
export function upserted(
  from: StoredSchedule | null,
  wanted: ScheduleDefinition,
  time: ChangeTime,
): { readonly change: ScheduleChange; readonly addition: ScheduleAddition } {
  const { key } = wanted;
  const known = from?.record ?? null;
  nextRepeat(wanted.repeat, time.now);
  if (known === null || isOver(known, from)) {
    const record = { ...definitionOf(wanted), runs: 0, madeAt: time.now };
    return { change: planned({ key, from, record, after: time.now }, time), addition: 'created' };
  }
  const { runs, madeAt, last, pausedAt } = known;
  const nextAt = from?.nextAt ?? null;
  if (isSameDefinition(known, wanted)) {
    return { change: { key, from, to: known, nextAt }, addition: 'unchanged' };
  }
  const record: ScheduleRecord = {
    ...definitionOf(wanted),
    runs,
    ...(madeAt !== undefined && { madeAt }),
    ...(last !== undefined && { last }),
    ...(pausedAt !== undefined && { pausedAt }),
  };
  // A run that is due already only waits for its turn.
  const isKept = nextAt !== null && (nextAt <= time.now || isSameTimes(known.repeat, wanted.repeat));
  const keepsRun = isKept && !isSpent(record);
  const change = keepsRun
    ? { key, from, to: record, nextAt }
    : planned({ key, from, record, after: time.now }, time);
  return { change, addition: 'updated' };
}

/**
 * A run begins, so the next one is planned.
 * @returns null when nothing changes: it is a retry, or of no schedule (any more), or of one that was there before under the same name
 */
export function begun(from: StoredSchedule, job: RunningJob, time: ChangeTime): ScheduleChange | null {
  const run = runDetails(job);
  // It was removed while this run was on its way.
  if (from.record === null && from.nextAt === null) return null;
  const known = from.record ?? adopted(from, job);
  if (run === null || known === null || from.member !== run.member) return null;
  const { last, madeAt = Number.NEGATIVE_INFINITY } = known;
  if (run.dueAt <= (last?.dueAt ?? madeAt)) return null;
  // Its count would be higher if it followed from the record: plain Bull removed the schedule and added it again.
  const isAddedAnew = from.nextAt === run.dueAt && run.count <= known.runs;
  const record: ScheduleRecord = {
    ...known,
    ...(isAddedAnew && definitionOf(runDefinition(from.key, job, run))),
    // A version before counts in the runs alone.
    runs: Math.max(known.runs + 1, run.count),
    last: { dueAt: run.dueAt, jobId: job.id },
  };
  const { key, nextAt } = from;
  const isWaiting = nextAt !== null && nextAt <= run.dueAt;
  if (!isWaiting) return { key, from, to: record, nextAt };
  return planned({ key, from, record, after: Math.max(time.now, run.dueAt) }, time);
}

/** No run begins until the schedule is resumed; what comes due meanwhile is left out. @returns null when it has ended */
export function paused(from: StoredSchedule, { now }: ChangeTime): ScheduleChange | null {
  const { key, record } = from;
  if (record === null || record.ended !== undefined) return null;
  return { key, from, to: { ...record, pausedAt: record.pausedAt ?? now }, nextAt: null };
}

/** @returns null when the schedule has ended */
export function resumed(from: StoredSchedule, time: ChangeTime): ScheduleChange | null {
  const { key, record } = from;
  if (record === null || record.ended !== undefined) return null;
  if (record.pausedAt === undefined) return { key, from, to: record, nextAt: from.nextAt };
  const { pausedAt: _pausedAt, ...running } = record;
  return planned({ key, from, record: running, after: time.now }, time);
}

/** The schedule ends. A declared one stays known, so that it is not taken for lost. */
export function removed(from: StoredSchedule, { now }: ChangeTime): ScheduleChange {
  const { key, record } = from;
  const to = record?.isDeclared === true ? { ...record, ended: { at: now, why: 'removed' as const } } : null;
  return { key, from, to, nextAt: null };
}

/**
 * A run was shredded, because what it was about is erased: the schedule ends, unless it has been changed since, and may be about something else.
 * @returns null when it goes on
 */
export function shredded(from: StoredSchedule, job: RunningJob, time: ChangeTime): ScheduleChange | null {
  const { record, member } = from;
  if (record === null || record.ended !== undefined || runDetails(job)?.member !== member) return null;
  return isSameJson(record.data, job.data) ? removed(from, time) : null;
}

/** Nothing of a schedule is left. */
export function forgotten(from: StoredSchedule): ScheduleChange {
  return { key: from.key, from, to: null, nextAt: null };
}

/**
 * What keeps a schedule in order: its pending run is planned again when it is gone, or ended without beginning; the run that plain
 * Bull or a version before planned of one that is paused or has ended goes; a schedule that was removed in Bull's layout, or ended
 * long ago, is forgotten.
 * @returns null when all is as it should be, or nothing can be done
 */
export function caredFor(from: StoredSchedule, state: PendingState, time: ChangeTime): ScheduleChange | null {
  const { key, record, nextAt } = from;
  if (record === null) return null;
  if (nextAt !== null && !isRunning(record)) return { key, from, to: record, nextAt: null };
  if (record.ended !== undefined) {
    const isOld = record.isDeclared !== true && record.ended.at < time.now - ENDED_KEPT_MS;
    return isOld ? forgotten(from) : null;
  }
  if (isOver(record, from)) return forgotten(from);
  if (nextAt === null || (state !== 'gone' && state !== 'finished')) return null;
  if (state === 'gone' && nextAt > time.now) return { key, from, to: record, nextAt };
  return planned({ key, from, record, after: Math.max(time.now, nextAt) }, time);
}

/** The run that was to be planned has been and ended: the one after it. */
export function planAfter({ key, from, to, nextAt }: ScheduleChange, time: ChangeTime): ScheduleChange {
  if (to === null) return { key, from, to, nextAt: null };
  return planned({ key, from, record: to, after: Math.max(time.now, nextAt ?? 0) }, time);
}

/** The record of a schedule that only Bull's layout knows, by its pending run. @returns null when that says too little */
export function adopted({ key, member }: StoredSchedule, job: RunningJob): ScheduleRecord | null {
  const run = runDetails(job);
  if (run === null || run.member !== member) return null;
  return { ...definitionOf(runDefinition(key, job, run)), runs: Math.max(0, run.count - 1) };
}

/** The schedule that a run tells of. */
function runDefinition(
  key: string,
  { name, data, opts }: RunningJob,
  { member, repeat }: NonNullable<ReturnType<typeof runDetails>>,
): ScheduleDefinition {
  return { key, name, data, options: nextRunOptions(opts), repeat, isDeclared: isDeclaredMember(member) };
}

function isSameJson(one: string, other: string): boolean {
  return JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
}

function isRunning({ pausedAt, ended }: ScheduleRecord): boolean {
  return pausedAt === undefined && ended === undefined;
}

/** Whether a schedule was removed: here while it was declared, or somewhere else in Bull's layout. */
function isOver({ ended, pausedAt }: ScheduleRecord, stored: StoredSchedule | null): boolean {
  if (ended !== undefined) return ended.why === 'removed' || ended.why === 'unreadable';
  return pausedAt === undefined && (stored?.nextAt ?? null) === null;
}

interface Planning {
  readonly key: string;
  readonly from: StoredSchedule | null;
  readonly record: ScheduleRecord;
  readonly after: number;
}

function planned({ key, from, record, after }: Planning, { now, minRepeatMs }: ChangeTime): ScheduleChange {
  if (!isRunning(record)) return { key, from, to: record, nextAt: null };
  const earliest = record.last === undefined ? after : Math.max(after, record.last.dueAt + minRepeatMs - 1);
  const end = (why: ScheduleEnd): ScheduleChange => {
    return { key, from, to: { ...record, ended: { at: now, why } }, nextAt: null };
  };
  if (isSpent(record)) return end('limit');
  try {
    const nextAt = nextRepeat(record.repeat, earliest);
    return nextAt === null ? end('endDate') : { key, from, to: record, nextAt };
  } catch {
    return end('unreadable');
  }
}

function isSpent({ runs, repeat: { limit } }: ScheduleRecord): boolean {
  return limit !== undefined && runs >= limit;
}
