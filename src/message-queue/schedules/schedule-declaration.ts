import type { CronSchedule, IntervalSchedule } from '../admission/job-options.js';

/** When a declared schedule runs. There is no `limit`: a declaration holds until it is taken out of the configuration. */
export type ScheduleRepeat = Omit<CronSchedule, 'limit'> | Omit<IntervalSchedule, 'limit'>;

/**
 * A job that runs again and again because the configuration says so. At start what Redis has is made to fit: a changed
 * `repeat` or `payload` replaces the old schedule, one that is gone from the configuration goes, one that was lost
 * comes back. Every process that works on the same queues must declare the same ones: the last that starts wins.
 */
export interface ScheduleDeclaration {
  /** Name of a registered queue. */
  readonly queue: string;
  /** Name of one of its jobs. */
  readonly job: string;
  /** Its data. `createdAt` is filled in for the built-in queues, and a change of it alone changes nothing. */
  readonly payload: object;
  readonly repeat: ScheduleRepeat;
  /**
   * Tells schedules of one queue apart: 1 to 64 letters, digits, `_` or `-`. Default: the job's name. The default
   * clean-up schedules have the keys `old_messages`, `deleted_conversations` and `expired_attachments`; a declaration
   * for the clean-up queue with one of them takes its place.
   */
  readonly key?: string;
}

/** A declaration that was checked. */
export type DeclaredSchedule = Required<ScheduleDeclaration>;
