import { createHash } from 'node:crypto';
import type { EnqueueOptions, JobContext, JobPriority } from '../../message-queue/index.js';
import { isId } from '../input/fields.js';

/** Longer ones are hashed, so that what is made of them stays an id of 128 characters. */
const LONGEST_BASE = 90;

/**
 * Options of a job that follows from another one. Its id and its idempotency key are made of the first job's id, so that a handler which is
 * run again after it has added some adds none twice, also when those have long run and are gone.
 * @param what tells it from the other jobs that follow from the same one
 */
export function followUp(
  { jobId, correlationId }: Pick<JobContext, 'jobId' | 'correlationId'>,
  what: string,
  priority: JobPriority,
): EnqueueOptions {
  const id = followUpId(jobId, what);
  return { priority, correlationId, jobId: id, idempotencyKey: id };
}

/** The id of what follows from a job. */
export function followUpId(jobId: string, what: string): string {
  const isFit = isId(jobId) && jobId.length <= LONGEST_BASE;
  return `${isFit ? jobId : createHash('sha256').update(jobId).digest('base64url')}.${what}`;
}
