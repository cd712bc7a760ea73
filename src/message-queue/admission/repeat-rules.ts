import { CronTimes } from '../../kernel/time/cron-times.js';
import type { Issues } from '../../kernel/values/issues.js';
import { kind, Refusal, worded } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { isRecord, milliseconds, moment, timeZone, wholeNumber } from '../../kernel/values/kinds.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import { JOB_ID } from './job-id.js';
import { nextRepeat } from './repeat-times.js';

const REPEAT_KEYS = ['cron', 'tz', 'every', 'limit', 'startDate', 'endDate', 'jobId'];
const TIME_ZONE = timeZone();
const MOMENT = moment();
const LIMIT = wholeNumber(1);
const LONGEST_INTERVAL_MS = 10 * 365 * 24 * 60 * 60 * 1_000;
/** Every cron expression keeps it: its smallest unit is a second. */
const SECOND_MS = 1_000;
/** Runs of a cron expression that are looked at to find out how close they are. */
const RUNS_LOOKED_AT = 60;

/**
 * A cron expression that comes due after a given time.
 * @param from milliseconds since the epoch; default: the time of the check
 * @param tz an IANA time zone
 */
export function cronExpression(from?: number, tz?: string): Kind<string> {
  return kind('a cron expression of 5 or 6 fields such as "0 2 * * *"', (value) => {
    // Bull separates the parts of a schedule with colons.
    if (typeof value !== 'string' || value.trim() === '' || value.includes(':')) return new Refusal();
    try {
      const next = new CronTimes(value, tz).after(from ?? Date.now());
      return next === null ? new Refusal('it never comes due') : value;
    } catch (error) {
      return new Refusal((error as Error).message.slice(0, 120));
    }
  });
}

/** What is allowed of a schedule beside its times. */
export interface RepeatLimits {
  /** What may be set; by default what Bull's own `add` takes. `count` and `key` are what Bull notes in runs. */
  readonly keys?: readonly string[];
  /** Shortest time between two runs, milliseconds: the queue's `minRepeatMs`. Default 1. */
  readonly minRepeatMs?: number;
}

/**
 * Checks Bull's `repeat` option. Refused, because Bull would spin, do nothing or list a schedule that never
 * runs: `every` below the queue's floor, an invalid cron or time zone, cron and every together, bounds between which no run lies.
 * @param now milliseconds since the epoch
 */
export function checkRepeat(
  issues: Issues,
  jobName: string,
  repeat: unknown,
  now: number,
  { keys = REPEAT_KEYS, minRepeatMs = 1 }: RepeatLimits = {},
): void {
  if (!isRecord(repeat)) {
    const got = repeat === undefined ? undefined : shown(repeat);
    issues.add('repeat', mustBe('{ cron, tz? } or { every }', got));
    return;
  }
  const known = issues.list.length;
  issues.knownKeys('repeat', repeat, keys);
  issues.unless(
    !jobName.includes(':'),
    'repeat',
    `cannot be used with ":" in the job name ${shown(jobName)}`,
  );
  const { cron, every, tz } = repeat;
  issues.checkGiven('repeat.limit', repeat.limit, LIMIT);
  issues.checkGiven('repeat.jobId', repeat.jobId, JOB_ID);
  const start = checkBounds(issues, repeat, now);
  const from = Math.max(now, start ?? now);
  if (cron !== undefined && every !== undefined) {
    issues.add('repeat', 'must have either cron or every, not both');
  } else if (cron !== undefined) {
    if (issues.checkGiven('repeat.tz', tz, TIME_ZONE)) {
      const isCron = issues.check('repeat.cron', cron, cronExpression(from, tz));
      if (isCron && minRepeatMs > SECOND_MS) checkGaps(issues, cron, tz, from, minRepeatMs);
    }
  } else if (every !== undefined) {
    const interval = milliseconds(minRepeatMs, LONGEST_INTERVAL_MS);
    const floor = minRepeatMs > 1 ? `${interval.expected} (minRepeatMs of the queue)` : interval.expected;
    issues.check('repeat.every', every, worded(floor, interval));
    issues.unless(tz === undefined, 'repeat.tz', 'only goes with cron');
  } else issues.add('repeat', 'must have cron or every');
  if (issues.list.length > known) return;
  const first = nextRepeat(repeat, now);
  issues.unless(first !== null, 'repeat.endDate', 'is before the first run: the job would never run');
}

/** @param from milliseconds since the epoch */
function checkGaps(
  issues: Issues,
  cron: string,
  tz: string | undefined,
  from: number,
  minRepeatMs: number,
): void {
  const times = new CronTimes(cron, tz);
  let at = times.after(from);
  for (let seen = 0; at !== null && seen < RUNS_LOOKED_AT; seen += 1) {
    const next = times.after(at);
    if (next !== null && next - at < minRepeatMs) {
      const message = `comes due twice within ${next - at} ms, and the shortest time between two runs (minRepeatMs of the queue) is ${minRepeatMs} ms`;
      issues.add('repeat.cron', message);
      return;
    }
    at = next;
  }
}

/** @returns when it begins, milliseconds since the epoch */
function checkBounds(
  issues: Issues,
  { startDate, endDate }: Readonly<Record<string, unknown>>,
  now: number,
): number | undefined {
  const start = startDate === undefined ? undefined : issues.read('repeat.startDate', startDate, MOMENT);
  const end = endDate === undefined ? undefined : issues.read('repeat.endDate', endDate, MOMENT);
  if (end !== undefined) {
    issues.unless(end > now, 'repeat.endDate', 'is in the past: the job would never run');
    issues.unless(start === undefined || end > start, 'repeat.endDate', 'must be after startDate');
  }
  return start;
}
