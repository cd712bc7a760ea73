import { CronTimes } from '../../kernel/time/cron-times.js';

/** When a schedule runs: Bull's `repeat` without what Bull notes in it. */
export interface RepeatTimes {
  readonly cron?: string;
  /** IANA; default: the process's. */
  readonly tz?: string;
  /** Milliseconds. Counted from `startDate`; without one from the epoch, as in Bull. */
  readonly every?: number;
  /** No run before this. */
  readonly startDate?: Date | string | number;
  /** No run after this. */
  readonly endDate?: Date | string | number;
}

/**
 * The first run after a moment; both in milliseconds since the epoch.
 * @returns null when there is none
 * @throws Error for a cron expression that cannot be read, and for cron and every together
 */
export function nextRepeat(repeat: RepeatTimes, after: number): number | null {
  const { cron, tz, every } = repeat;
  const start = momentOf(repeat.startDate) ?? Number.NEGATIVE_INFINITY;
  const end = momentOf(repeat.endDate) ?? Number.POSITIVE_INFINITY;
  const from = Math.max(after, start - 1);
  if (cron && every) {
    throw new Error('Both .cron and .every options are defined for this repeatable job');
  }
  const next = every
    ? nextInterval(every, Number.isFinite(start) ? start : 0, from)
    : new CronTimes(String(cron), tz).after(from);
  return next === null || next > end ? null : next;
}

function nextInterval(every: number, anchor: number, after: number): number {
  return anchor + (Math.floor((after - anchor) / every) + 1) * every;
}

function momentOf(given: RepeatTimes['startDate'] | null): number | undefined {
  const moment = given === undefined || given === null ? Number.NaN : new Date(given).getTime();
  return Number.isNaN(moment) ? undefined : moment;
}
