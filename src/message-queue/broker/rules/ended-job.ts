import type { Job } from 'bull';
import { ErasedError } from '../../jobs/errors.js';
import type { EndedJob, JobEnd } from '../../jobs/events/job-end.js';
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

/** The end of a job that was erased before it ended. */
export function erasedEnd(job: Parameters<typeof endedJob>[0], queue: string): JobEnd {
  return { ...endedJob(job, queue), outcome: 'shredded' };
}

/** What those are told who wait for a job that expired. */
export const EXPIRED_REASON = 'The job was not started in time: it expired.';

/** The end of a job that was not started in time. */
export function expiredEnd(job: Parameters<typeof endedJob>[0], queue: string): JobEnd {
  return { ...endedJob(job, queue), outcome: 'expired' };
}

/** Why the run of a job stops that is to be erased. */
export function erasedError(place: { readonly queue: string; readonly jobId: string }): ErasedError {
  return new ErasedError(`What job "${place.jobId}" of queue "${place.queue}" is about was erased.`, place);
}

/** The payload of a stored job; undefined when its text cannot be read. */
export function readablePayload(json: string | null | undefined): unknown {
  try {
    return JSON.parse(json ?? '') as unknown;
  } catch {
    return undefined;
  }
}
