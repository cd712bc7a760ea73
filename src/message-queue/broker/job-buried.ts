import type { FailureRecord } from '../jobs/managed-job.js';

/** Local event of a Redis queue: this process made a dead letter of a job that is stored in a form nobody can read. */
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
