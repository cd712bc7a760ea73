import { parseExpression } from 'cron-parser';
import type { Issues } from '../../kernel/values/issues.js';
import { kind, Refusal } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { isRecord, milliseconds, moment, timeZone, wholeNumber } from '../../kernel/values/kinds.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import { JOB_ID } from './job-id.js';

const REPEAT_KEYS = ['cron', 'tz', 'every', 'limit', 'startDate', 'endDate', 'count', 'key', 'jobId'];
const TIME_ZONE = timeZone();
const MOMENT = moment();
const EVERY = milliseconds(1);
const LIMIT = wholeNumber(1);
const COUNT = wholeNumber(0);

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
      parseExpression(value, {
        currentDate: new Date(from ?? Date.now()),
        ...(tz !== undefined && { tz }),
      }).next();
      return value;
    } catch (error) {
      return new Refusal(error instanceof Error ? error.message.slice(0, 120) : 'it never comes due');
    }
  });
}

/**
 * Checks Bull's `repeat` option. Refused, because Bull would spin, do nothing or list a schedule that never
 * runs: `every` below 1, an invalid cron or time zone, cron and every together, an end in the past.
 * @param now milliseconds since the epoch
 * @param keys what may be set; the default includes what Bull itself keeps there
 */
export function checkRepeat(
  issues: Issues,
  jobName: string,
  repeat: unknown,
  now: number,
  keys: readonly string[] = REPEAT_KEYS,
): void {
  if (!isRecord(repeat)) {
    const got = repeat === undefined ? undefined : shown(repeat);
    issues.add('repeat', mustBe('{ cron, tz? } or { every }', got));
    return;
  }
  issues.knownKeys('repeat', repeat, keys);
  issues.unless(
    !jobName.includes(':'),
    'repeat',
    `cannot be used with ":" in the job name ${shown(jobName)}`,
  );
  const { cron, every, tz } = repeat;
  issues.checkGiven('repeat.limit', repeat.limit, LIMIT);
  issues.checkGiven('repeat.count', repeat.count, COUNT);
  issues.checkGiven('repeat.jobId', repeat.jobId, JOB_ID);
  const start = checkBounds(issues, repeat, now);
  if (cron !== undefined && every !== undefined) {
    issues.add('repeat', 'must have either cron or every, not both');
  } else if (cron !== undefined) {
    if (issues.checkGiven('repeat.tz', tz, TIME_ZONE)) {
      issues.check('repeat.cron', cron, cronExpression(Math.max(now, start ?? now), tz));
    }
  } else if (every !== undefined) {
    issues.check('repeat.every', every, EVERY);
    issues.unless(tz === undefined, 'repeat.tz', 'only goes with cron');
  } else issues.add('repeat', 'must have cron or every');
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
