import type { FailureRecord } from './managed-job.js';

/**
 * How one run of a job ended. The executor decides it, the broker stores it: one atomic step each, under the job's lock.
 *
 * - `completed`: the result is stored, the job moves to completed.
 * - `failed`: an attempt is spent. `retryDelayMs` a number → the job is delayed by that much (0 = waits again at once);
 *   `null` → it moves to the failed set (a dead letter). `failure` is appended to `opts.mq.failures` in the same step.
 * - `deferred`: runs again after `delayMs`; no attempt is spent (RetryLater, an open circuit).
 * - `handed-back`: goes to the front of its lane at once; no attempt is spent (shutdown).
 * - `abandoned`: the lock is lost, another worker owns the job; nothing may be stored.
 */
export type Settlement =
  | { readonly kind: 'completed'; readonly result: unknown }
  | {
      readonly kind: 'failed';
      readonly error: Error;
      readonly retryDelayMs: number | null;
      readonly failure: FailureRecord;
    }
  | {
      readonly kind: 'deferred';
      readonly delayMs: number;
      readonly reason: string;
      /** The dependency whose open circuit is the reason. */
      readonly blockedBy?: string;
    }
  | { readonly kind: 'handed-back' }
  | { readonly kind: 'abandoned' };

/** How a run ended that spent an attempt. */
export type FailedSettlement = Extract<Settlement, { kind: 'failed' }>;
