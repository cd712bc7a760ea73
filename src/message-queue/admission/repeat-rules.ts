import { parseExpression } from 'cron-parser';
import { isOptionObject, shown, type OptionIssues } from './option-rules.js';
import { jobIdProblem } from './job-id.js';

const REPEAT_KEYS = ['cron', 'tz', 'every', 'limit', 'startDate', 'endDate', 'count', 'key', 'jobId'];

/**
 * Checks Bull's `repeat` option. Refused because Bull would spin, stay silent or list a schedule that never runs:
 * `every` below 1, an unreadable cron or time zone, cron and every together, an end in the past.
 * @param now milliseconds since the epoch
 * @param keys what may be set; default also what Bull itself keeps there
 */
export function checkRepeat(
  issues: OptionIssues,
  jobName: string,
  repeat: unknown,
  now: number,
  keys: readonly string[] = REPEAT_KEYS,
): void {
  if (!isOptionObject(repeat)) {
    issues.add('repeat', `must be { cron, tz? } or { every }, not ${shown(repeat)}`);
    return;
  }
  issues.knownKeys('repeat', repeat, keys);
  if (jobName.includes(':'))
    issues.add('repeat', `cannot be used with ":" in the job name ${shown(jobName)}`);
  const { cron, every, tz, limit, count, jobId } = repeat;
  const start =
    repeat.startDate === undefined ? undefined : issues.moment('repeat.startDate', repeat.startDate);
  const end = repeat.endDate === undefined ? undefined : issues.moment('repeat.endDate', repeat.endDate);
  if (end !== undefined && end <= now)
    issues.add('repeat.endDate', 'is in the past: the job would never run');
  if (end !== undefined && start !== undefined && end <= start) {
    issues.add('repeat.endDate', 'must be after startDate');
  }
  if (limit !== undefined) issues.wholeNumber('repeat.limit', limit, 1, Number.MAX_SAFE_INTEGER);
  if (count !== undefined) issues.wholeNumber('repeat.count', count, 0, Number.MAX_SAFE_INTEGER);
  const idProblem = jobId === undefined ? undefined : jobIdProblem(jobId);
  if (idProblem !== undefined) issues.add('repeat.jobId', idProblem);

  if (cron !== undefined && every !== undefined)
    issues.add('repeat', 'must have either cron or every, not both');
  else if (cron !== undefined) checkCron(issues, cron, tz, Math.max(now, start ?? now));
  else if (every !== undefined) {
    issues.wholeNumber('repeat.every', every, 1, Number.MAX_SAFE_INTEGER, 'whole number of milliseconds');
    if (tz !== undefined) issues.add('repeat.tz', 'only goes with cron');
  } else issues.add('repeat', 'must have cron or every');
}

function checkCron(issues: OptionIssues, cron: unknown, tz: unknown, from: number): void {
  if (tz !== undefined && !isTimeZone(tz)) {
    issues.add('repeat.tz', `must be an IANA time zone such as "Europe/Berlin", not ${shown(tz)}`);
    return;
  }
  if (typeof cron !== 'string' || cron.trim() === '' || cron.includes(':')) {
    issues.add('repeat.cron', `must be a cron expression such as "0 2 * * *", not ${shown(cron)}`);
    return;
  }
  try {
    parseExpression(cron, { currentDate: new Date(from), ...(tz === undefined ? {} : { tz }) }).next();
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 120) : 'unreadable';
    issues.add('repeat.cron', `is not a cron expression that ever comes due: ${shown(cron)} (${why})`);
  }
}

function isTimeZone(tz: unknown): tz is string {
  if (typeof tz !== 'string' || tz === '') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: tz });
    return true;
  } catch {
    return false;
  }
}
