import { matching } from '../../kernel/values/kinds.js';
import type { CronSchedule, IntervalSchedule } from '../admission/job-options.js';
import type { PayloadInput } from '../facade/payload-input.js';
import type { JobNameOf, QueueDefinition } from '../jobs/queue-definition.js';
import type { QueueName } from '../queues/queue-name.js';

/** What tells schedules of one queue apart. */
export const SCHEDULE_KEY = matching('1 to 64 letters, digits, _ or -', /^[A-Za-z0-9_-]{1,64}$/);

/** When a schedule runs. There is no `limit`: a declaration holds until it is taken out of the code. */
export type ScheduleRepeat = Omit<CronSchedule, 'limit'> | Omit<IntervalSchedule, 'limit'>;

/** When a schedule runs, and what tells it apart. */
export type ScheduleOptions = ScheduleRepeat & {
  /**
   * Tells schedules of one queue apart: 1 to 64 letters, digits, `_` or `-`. Default: the job's name. The default
   * clean-up schedules have the keys `old_messages`, `deleted_conversations` and `expired_attachments`; one that is
   * declared for the clean-up queue with such a key takes its place.
   */
  readonly key?: string;
};

/** Its data, as for `enqueue`; a built-in queue's `createdAt` is filled in, and a change of it alone changes nothing. */
export type SchedulePayload<D extends QueueDefinition, N extends JobNameOf<D>> = D['name'] extends QueueName
  ? Omit<PayloadInput<D, N>, 'createdAt'> & { readonly createdAt?: Date | string }
  : PayloadInput<D, N>;

/** A job of a queue that runs again and again; {@link schedule} makes it. */
export interface Schedule<D extends QueueDefinition = QueueDefinition> {
  readonly job: JobNameOf<D>;
  readonly payload: object;
  readonly repeat: ScheduleRepeat;
  readonly key?: string;
  /** Never set: ties it to the definition it was checked against, for the compiler. */
  readonly definition?: D;
}

/** A schedule that was checked, with its queue. */
export interface DeclaredSchedule {
  readonly queue: string;
  readonly job: string;
  readonly payload: object;
  readonly repeat: ScheduleRepeat;
  readonly key: string;
}

/**
 * Declares a job that runs again and again, where its queue is registered:
 * `registerQueue(FILES, { schedules: [schedule('nightly', { day: 1 }, { cron: '0 2 * * *', tz: 'Europe/Berlin' })] })`.
 * A job that the queue does not have, and a payload that is not the job's, do not compile.
 *
 * At start what Redis has is made to fit: a change replaces the old schedule, one that is gone from the code is removed,
 * one that was lost is restored. Every process that works on the same queue must declare the same ones: the last that
 * starts wins.
 */
export function schedule<D extends QueueDefinition, N extends JobNameOf<D>>(
  job: N,
  payload: SchedulePayload<D, N>,
  { key, ...repeat }: ScheduleOptions,
): Schedule<D> {
  return { job, payload, repeat, ...(key !== undefined && { key }) };
}
