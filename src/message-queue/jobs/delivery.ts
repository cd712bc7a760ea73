import type { Job } from 'bull';
import type { FailureRecord } from './managed-job.js';
import type { Settlement } from './settlement.js';

/** One run of a job as the broker hands it to the executor. */
export interface Delivery {
  readonly job: Job;
  /**
   * Aborts when this worker must stop the run: its lock is lost (`LockLostError`), the job was cancelled
   * (`CancelledError`) or the worker hands it back (`ShutdownError`). The reason is that error.
   */
  readonly signal: AbortSignal;
  /** Earlier runs of this job that ended with the death of their worker; oldest first. */
  readonly crashes: readonly FailureRecord[];
  /**
   * Tells, after the run, whether its settlement was stored (false: the lock was lost meanwhile). Events about the
   * outcome wait for it; without it they are told as soon as the outcome is decided.
   */
  readonly stored?: Promise<boolean>;
  /**
   * The same as listening to `signal`, for a provider that makes its signal only when somebody looks at it: calls back
   * once with the reason, at once if the run must stop already.
   * @returns stops listening
   */
  onAbort?(listener: (reason: Error) => void): () => void;
}

/** Runs one delivery to its end. Never rejects. */
export type RunDelivery = (delivery: Delivery) => Promise<Settlement>;
