import { CancelledError } from './errors.js';
import { JobResult } from './job-result.js';
import type { FailureRecord } from './managed-job.js';

/**
 * How one run of a job ended. The executor decides it, the broker stores it: one atomic step each, under the job's lock.
 *
 * - `completed`: the result is stored, the job moves to completed; so does one that was shredded, which is neither success nor failure.
 * - `failed`: an attempt is spent. `retryDelayMs` a number → the job is delayed by that much (0 = waits again at once);
 *   `null` → it moves to the failed set (a dead letter). `failure` is appended to `opts.mq.failures` in the same step.
 * - `deferred`: runs again after `delayMs`; no attempt is spent (RetryLater, an open circuit, a busy destination). With `closesRate` the rate that the job is under
 *   is closed for as long, for all workers, and the job keeps its place; without such a rate it is as if it were not said.
 * - `passed-on`: this worker does not know the job's name or the version of its payload; runs again after `delayMs`, in a
 *   worker that does if there is one by then; no attempt is spent. The broker remembers `since` and `version`.
 * - `handed-back`: goes to the front of its lane at once; no attempt is spent (shutdown).
 * - `abandoned`: the lock is lost, another worker owns the job; nothing may be stored.
 */
export type Settlement =
  | {
      readonly kind: 'completed';
      readonly result: JobResult;
      /** Nothing ran, because the key of the payload was destroyed; or the run was stopped, because what it was about was erased. */
      readonly ended?: 'shredded';
    }
  | {
      readonly kind: 'failed';
      readonly error: Error;
      readonly retryDelayMs: number | null;
      readonly failure: FailureRecord;
      /** What the run threw, as it is: for whoever waits for it here. Only where somebody does, and the queue is not sealed. */
      readonly thrown?: Error;
      /** The span of the attempt, as `traceparent`, for the next one. */
      readonly trace?: string;
    }
  | {
      readonly kind: 'deferred';
      readonly delayMs: number;
      readonly reason: string;
      /** The dependency whose open circuit is the reason. */
      readonly blockedBy?: string;
      /** Somebody outside takes no more for that long. */
      readonly closesRate?: true;
      /** Since when it waits for somebody outside, by the broker's clock, which remembers it with the job. */
      readonly since?: number;
    }
  | PassedOnSettlement
  | { readonly kind: 'handed-back' }
  | { readonly kind: 'abandoned' };

/** How a run ended of a job of which nothing may be left. */
export const SHREDDED: Settlement = { kind: 'completed', result: JobResult.shredded, ended: 'shredded' };

/** How a run ended whose worker does not know the job. */
export interface PassedOnSettlement {
  readonly kind: 'passed-on';
  /** At least; longer when very many jobs of the queue were passed on. */
  readonly delayMs: number;
  /** At most: as much of its queue's `waitForVersionMs` is left. */
  readonly leftMs: number;
  /** When the first worker did not know the job, milliseconds since the epoch. */
  readonly since: number;
  /** Of the payload. */
  readonly version: number;
  readonly reason: string;
}

/** How a run ended that spent an attempt. */
export type FailedSettlement = Extract<Settlement, { kind: 'failed' }>;

const LONGEST_REASON = 500;

/** Why a run that ended cancelled was, in the words of who cancelled it; at most 500 characters. */
export function cancelReasonOf({ failure }: FailedSettlement): string {
  return CancelledError.reasonIn(failure.message).slice(0, LONGEST_REASON);
}
