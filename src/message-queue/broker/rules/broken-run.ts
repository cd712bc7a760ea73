import type { Job } from 'bull';
import { boundedError, failureRecordOf, toError } from '../../jobs/failure-record.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import { backoffDelayMs } from '../../jobs/retry-policy.js';
import type { FailedSettlement, Settlement } from '../../jobs/settlement.js';
import type { RunJob, TakenJob } from '../../jobs/taken-job.js';

/**
 * How a run ends that rejected, although runs promise not to: a failed attempt like any other, tried again by the job's
 * own attempts and backoff. So nothing is lost for a fault that passes, and nothing is tried for ever for one that
 * stays; the dead letter says why.
 * @param now milliseconds since the epoch
 */
export function brokenRun(
  job: Job,
  thrown: unknown,
  definition: QueueDefinition,
  now: number,
): FailedSettlement {
  const error = boundedError(toError(thrown));
  const attempt = job.attemptsMade + 1;
  const hasAttempts = attempt < (job.opts.attempts ?? definition.attempts);
  return {
    kind: 'failed',
    error,
    retryDelayMs: hasAttempts ? backoffDelayMs(job.opts.backoff, attempt, definition.backoff) : null,
    failure: failureRecordOf(error, attempt, 'error', now),
  };
}

/** Starts a run; one that throws at once rejects like any other that breaks. */
export function startRun(run: RunJob, taken: TakenJob): Promise<Settlement> {
  try {
    return run(taken);
  } catch (thrown) {
    return Promise.reject(toError(thrown));
  }
}
