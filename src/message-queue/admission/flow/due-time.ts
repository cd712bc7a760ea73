import type { Issues } from '../../../kernel/values/issues.js';
import { kind, Refusal } from '../../../kernel/values/kind.js';
import type { ManagedJobOptions } from '../../jobs/managed-job.js';
import { MAX_DELAY_MS } from '../../jobs/retry-policy.js';

/** The latest time that a Date can hold, milliseconds since the epoch. */
const LATEST = 8.64e15;
const DELIVER_AT = 'a Date or milliseconds since the epoch';

/** A point in time, read as whole milliseconds since the epoch; at most five years after `now`. */
function dueTime(now: number): ReturnType<typeof kind<number, Date | number>> {
  return kind<number, Date | number>(DELIVER_AT, (value) => {
    const at = value instanceof Date ? value.getTime() : value;
    if (typeof at !== 'number' || !(Math.abs(at) <= LATEST)) return new Refusal();
    return at - now > MAX_DELAY_MS ? new Refusal('it is more than five years ahead') : Math.floor(at);
  });
}

/**
 * The options of a job that is due at a time, as an add at the time `now` has them; both milliseconds since the epoch by the broker's
 * clock. One whose time has passed is due at once.
 * @param dueAt undefined: the options say it themselves
 */
export function dueOptions(
  options: ManagedJobOptions,
  dueAt: number | undefined,
  now: number,
): ManagedJobOptions {
  return dueAt === undefined || dueAt <= now ? options : { ...options, delay: dueAt - now };
}

/**
 * By when a job must have started, milliseconds since the epoch; undefined when it never expires.
 * @param options with the time of the add
 * @param dueAt undefined: the options say it themselves
 */
export function expiryOf(
  { timestamp = 0, delay = 0, mq }: ManagedJobOptions,
  dueAt?: number,
): number | undefined {
  if (mq?.expiresInMs === undefined) return undefined;
  return Math.max(timestamp, dueAt ?? timestamp + delay) + mq.expiresInMs;
}

/**
 * Checks when a call wants its job to be due.
 * @param now milliseconds since the epoch by the broker's clock
 */
export function checkDueTime(
  issues: Issues,
  { deliverAt, delay, repeat }: Readonly<Record<string, unknown>>,
  now: number,
): void {
  if (deliverAt === undefined) return;
  issues.check('deliverAt', deliverAt, dueTime(now));
  issues.unless(delay === undefined, 'deliverAt', 'cannot be combined with delay: give one of them');
  if (repeat === undefined) return;
  issues.add(
    'deliverAt',
    'cannot be combined with repeat, which decides when the job runs; use repeat.startDate',
  );
}
