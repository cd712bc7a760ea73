import type { Job, JobStatus as BullJobState } from 'bull';
import { recordOf } from '../jobs/managed-job.js';

/** Where a job is. `expired`: it was not started in time. `unknown`: it moves between two states at this moment. */
export type JobState =
  'waiting' | 'active' | 'delayed' | 'paused' | 'completed' | 'failed' | 'expired' | 'unknown';

/** Bull knows no expired jobs: to it one is stuck, although it has ended. */
export function jobState(job: Job, state: BullJobState | 'stuck'): JobState {
  if (state !== 'stuck') return state;
  return typeof job.finishedOn === 'number' && recordOf(job).expiresInMs !== undefined
    ? 'expired'
    : 'unknown';
}
