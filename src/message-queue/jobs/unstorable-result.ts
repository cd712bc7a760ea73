import type { Job } from 'bull';
import { UnrecoverableJobError } from './errors.js';
import { failureRecordOf } from './failure-record.js';
import type { FailedSettlement } from './settlement.js';

/**
 * How a run ends whose handler returned what JSON cannot hold: a dead letter, because another run would return the same.
 * @param cause what `JSON.stringify` threw
 * @param now milliseconds since the epoch
 */
export function unstorableResult(job: Job, cause: unknown, now: number): FailedSettlement {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `The result of job "${String(job.id)}" cannot be stored as JSON: ${why}`;
  const place = { queue: job.queue.name, job: job.name, jobId: String(job.id), cause };
  const error = new UnrecoverableJobError(message, place);
  const failure = failureRecordOf(error, job.attemptsMade + 1, 'error', now);
  return { kind: 'failed', error, retryDelayMs: null, failure };
}
