import type { JobContext } from './job-context.js';

/** One of the jobs that a batch is made of. */
export type BatchMember = Pick<
  JobContext,
  'jobId' | 'attempt' | 'maxAttempts' | 'correlationId' | 'metadata' | 'addedAt' | 'scheduledFor'
>;

/**
 * What the handler of a job that comes in batches gets beside the payloads. Each member stays a job of its own, with its own attempts,
 * result and end: when the method returns, all members complete that it did not `fail`; when it throws, all fail, each with its own backoff.
 */
export interface BatchContext extends Pick<
  JobContext,
  'queue' | 'jobName' | 'deadline' | 'logger' | 'rateLimited'
> {
  /** The jobs, in the order of their payloads. Those whose payloads are invalid are not among them: they have failed alone. */
  readonly members: readonly BatchMember[];
  /**
   * Aborts at the timeout, at shutdown, and when no member is left that may go on; `signal.reason` is the error. The timeout is that of the
   * handler or the queue, or the shortest that a member was added with; it fails all members. A member that is cancelled or erased, or whose
   * lock is lost, ends as such once the method has settled, and stops none of the others.
   */
  readonly signal: AbortSignal;
  /**
   * This member fails when the method returns, as if it had been alone and the method had thrown: `RetryLater`, for one, puts it off. Said
   * again, the first error stays.
   * @param index of its payload
   * @throws RangeError when there is no such member
   */
  fail(index: number, error: Error): void;
}
