import type { Job } from 'bull';
import type { EndedJob } from '../../jobs/job-end.js';
import { recordOf } from '../../jobs/managed-job.js';

/** A job whose end the broker decided: Bull's job as it was before the end was stored. */
export function endedJob(
  job: Pick<Job, 'id' | 'name' | 'data' | 'opts' | 'attemptsMade'>,
  queue: string,
): EndedJob {
  const jobId = String(job.id);
  return {
    queue,
    job: job.name,
    jobId,
    attempt: job.attemptsMade + 1,
    correlationId: recordOf(job).correlationId ?? jobId,
    payload: job.data as unknown,
  };
}

/** The payload of a stored job; undefined when its text cannot be read. */
export function readablePayload(json: string | null | undefined): unknown {
  try {
    return JSON.parse(json ?? '') as unknown;
  } catch {
    return undefined;
  }
}
