import { inOwnContext } from '../../../kernel/host/root-context.js';
import { withoutText } from '../../../kernel/logging/error-text.js';
import { boundedError, failureRecordOf, toError } from '../../jobs/failure-record.js';
import type { JobEnd } from '../../jobs/events/job-end.js';
import type { QueueDefinition } from '../../jobs/queue-definition.js';
import { backoffDelayMs } from '../../jobs/retry-policy.js';
import type { FailedSettlement, Settlement } from '../../jobs/settlement.js';
import type { RunBatch, RunJob, TakenJob } from '../../jobs/taken-job.js';
import { endedJob } from './ended-job.js';

/**
 * How a run ends that rejected, although runs promise not to: a failed attempt like any other, tried again by the job's
 * own attempts and backoff. So nothing is lost for a fault that passes, and nothing is tried forever for one that
 * stays; the dead letter says why.
 * @param now milliseconds since the epoch
 * @param tell told when it was the job's last, once that is stored: the executor tells nothing of such a run
 */
export function brokenRun(
  taken: TakenJob,
  thrown: unknown,
  definition: QueueDefinition,
  now: number,
  tell: (end: JobEnd) => void,
): FailedSettlement {
  const { job } = taken;
  const whole = toError(thrown);
  // What its payload says is known to the executor alone, and that is what broke.
  const error = definition.sealed === true ? withoutText(whole) : boundedError(whole);
  const attempt = job.attemptsMade + 1;
  const hasAttempts = !taken.isOnlyTry && attempt < (job.opts.attempts ?? definition.attempts);
  const failure = failureRecordOf(error, attempt, 'error', now);
  const end: JobEnd = { ...endedJob(job, definition.name), outcome: 'dead-letter', error, failure };
  if (!hasAttempts) taken.onStored((isStored) => isStored && tell(end));
  const retryDelayMs = hasAttempts ? backoffDelayMs(job.opts.backoff, attempt, definition.backoff) : null;
  return { kind: 'failed', error, retryDelayMs, failure };
}

/**
 * Starts a run in a context of its own: it finds nothing of whoever added the job, and nothing of another run. One that
 * throws at once rejects like any other that breaks.
 */
export function startRun<Taken, Ended>(run: (taken: Taken) => Promise<Ended>, taken: Taken): Promise<Ended> {
  try {
    return inOwnContext(() => run(taken));
  } catch (thrown) {
    return Promise.reject(toError(thrown));
  }
}

/** Runs what was collected for somebody who knows nothing of batches. */
export function oneByOne(run: RunJob): RunBatch {
  return async (members) => {
    const settlements: Settlement[] = [];
    for (const one of members) settlements.push(await run(one));
    return settlements;
  };
}
