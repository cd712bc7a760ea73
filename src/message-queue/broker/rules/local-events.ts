import type { FailureRecord } from '../../jobs/managed-job.js';

/**
 * Local event of every queue, `(jobId, name)`: this process added a job that was not there before, through the facade,
 * `@InjectQueue`, the board or a schedule.
 */
export const JOB_ADDED = 'enqueued';

/** Local event of a queue, {@link BuriedJob}: this process made a dead letter of a job that nobody can read. */
export const JOB_BURIED = 'buried';

/** What {@link JOB_BURIED} carries. */
export interface BuriedJob {
  readonly jobId: string;
  /** As far as it can be read. */
  readonly job: string;
  readonly attempt: number;
  readonly error: Error;
  readonly failure: FailureRecord;
}
