import type { ScheduleLook } from '../broker/rules/schedules/schedule-care.js';
import type { ScheduleRecord, ScheduleRepeat as Repeat } from '../broker/rules/schedules/schedule-record.js';

/**
 * Where a schedule stands. `planned`: its next run is not due yet · `due`: that run waits for its turn · `running`: it begins ·
 * `paused`: no run begins until it is resumed · `ended`: it has no more runs · `dead`: its next run is gone.
 */
export type ScheduleState = 'planned' | 'due' | 'running' | 'paused' | 'ended' | 'dead';

/** One schedule at one moment. */
export interface ScheduleStatus {
  readonly queue: string;
  /** Tells schedules of the queue apart; what was added without a key has one that is made of the job and its times. */
  readonly key: string;
  readonly job: string;
  /** When it runs, as it was given. */
  readonly repeat: Repeat;
  /** Declared in code, where the queue is registered. */
  readonly isDeclared: boolean;
  readonly state: ScheduleState;
  /** What it waits for, or why it runs no more, in a sentence. */
  readonly reason: string;
  /** When the next run is due; null when none is planned. */
  readonly nextRunAt: Date | null;
  /** When the run that began last was due; null before the first. */
  readonly lastRunAt: Date | null;
  /** Id of the job of the run that began last. */
  readonly lastJobId: string | null;
  /** How many runs have begun. */
  readonly runs: number;
}

/** How long a run may be late, milliseconds, before it is said that nobody takes it up. */
const LATE_MS = 10_000;

/**
 * What a look at a schedule means.
 * @param isPaused whether the queue is paused
 * @param now milliseconds since the epoch
 */
export function statusOf(queue: string, look: ScheduleLook, isPaused: boolean, now: number): ScheduleStatus {
  const { key, record, member, nextAt } = look.schedule;
  const [state, reason] = stateOf(look, isPaused, now);
  return {
    ...{ queue, key, state, reason },
    job: record?.name ?? member.split(':')[0] ?? '',
    repeat: record?.repeat ?? {},
    isDeclared: record?.isDeclared === true,
    nextRunAt: nextAt === null ? null : new Date(nextAt),
    lastRunAt: record?.last === undefined ? null : new Date(record.last.dueAt),
    lastJobId: record?.last?.jobId ?? null,
    runs: record?.runs ?? 0,
  };
}

function stateOf(
  { schedule: { record, nextAt }, run }: ScheduleLook,
  isPaused: boolean,
  now: number,
): readonly [ScheduleState, string] {
  if (record?.ended !== undefined) return ['ended', endOf(record)];
  if (record?.pausedAt !== undefined) {
    return ['paused', `It has been paused since ${new Date(record.pausedAt).toISOString()}; resume it.`];
  }
  if (record === null)
    return ['dead', 'Its next run is gone, and nothing else knows its payload: add it again, or remove it.'];
  if (nextAt === null) return ['ended', "It was removed by Bull's own call."];
  if (run === null || run === 'gone' || run === 'finished') {
    return ['dead', 'Its next run is gone; a worker plans it again within 15 seconds.'];
  }
  if (run === 'active') return ['running', 'Its run begins.'];
  if (run === 'delayed' && nextAt + LATE_MS > now) {
    return ['planned', `Its next run is due at ${new Date(nextAt).toISOString()}.`];
  }
  if (isPaused) return ['due', 'Its run is due, and the queue is paused.'];
  if (run === 'delayed') return ['due', 'Its run is due, and no worker takes it up: check that one runs.'];
  return ['due', 'Its run is due and waits for its turn.'];
}

function endOf({ ended, repeat: { limit, endDate }, runs }: ScheduleRecord): string {
  switch (ended?.why) {
    case 'limit':
      return `It has run ${runs} times, and its limit is ${limit}.`;
    case 'endDate':
      return `No run lies before its end, ${endDate === undefined ? '' : new Date(endDate).toISOString()}.`;
    case 'removed':
      return 'It was removed; when an app that declares it starts, it is there again.';
    default:
      return 'Its times cannot be read: add it again.';
  }
}
