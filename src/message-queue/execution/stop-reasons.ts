import type { MessageQueueError } from '../../kernel/errors.js';
import { CancelledError, ErasedError, JobTimeoutError, LockLostError } from '../jobs/errors.js';
import type { JobContext } from '../handlers/job-context.js';
import type { RegisteredHandler } from '../handlers/handler-registry.js';

/** Which of two reasons to stop decides how a run ends; of equal ones the first. */
export function strongerReason(
  known: MessageQueueError | undefined,
  other: MessageQueueError,
): MessageQueueError {
  return known === undefined || strength(other) > strength(known) ? other : known;
}

/** A lost lock beats everything, an erasure beats a cancellation, that a timeout, and a timeout a later shutdown. */
function strength(reason: MessageQueueError): number {
  if (reason instanceof LockLostError) return 4;
  if (reason instanceof ErasedError) return 3;
  if (reason instanceof CancelledError) return 2;
  return reason instanceof JobTimeoutError ? 1 : 0;
}

/** Why a run must stop whose time is up. */
export function timeoutOf(
  run: Pick<JobContext, 'queue' | 'jobName' | 'jobId' | 'attempt' | 'maxAttempts'> & {
    readonly handler: RegisteredHandler | undefined;
  },
  limitMs: number,
): JobTimeoutError {
  const { handler, queue, jobName, jobId, attempt, maxAttempts } = run;
  return new JobTimeoutError(
    `${handler?.name ?? 'The handler'} ran longer than ${limitMs} ms for job "${jobName}" ${jobId} of queue "${queue}" ` +
      `(attempt ${attempt} of ${maxAttempts}). Raise timeoutMs, or do less per job.`,
    { queue, job: jobName, jobId },
  );
}
