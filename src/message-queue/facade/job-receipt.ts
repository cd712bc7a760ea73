import type { EnqueueOptions } from '../admission/job-options.js';
import type { MessageQueueError } from '../../kernel/errors.js';

/** That a job was taken: kept in its queue until it has run. */
export interface JobReceipt {
  /** Of a schedule: the id of its next run, or of the last one when it has ended. */
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  /** Whether an earlier add with the same idempotency key or job id, or of the same schedule, had it already; `id` is that job's. */
  readonly deduplicated: boolean;
  /** With `repeat`: whether the schedule is new, was changed by this add, or was there as it is. */
  readonly schedule?: 'created' | 'updated' | 'unchanged';
}

/** One job of a bulk add. */
export interface BulkJob<Payload> {
  readonly payload: Payload;
  readonly options?: EnqueueOptions;
}

/**
 * What became of one job of a bulk add, in the order of the jobs.
 *
 * - `added`, `deduplicated`: the queue has it.
 * - `rejected`: it was not added; `error` says why.
 * - `unknown`: there was no answer in time. Sending it again is safe with the same idempotency key, or with `id` as
 *   its `jobId`.
 */
export type BulkReceipt =
  | {
      readonly outcome: 'added' | 'deduplicated';
      readonly id: string;
      readonly queue: string;
      readonly name: string;
      /** As in a {@link JobReceipt}. */
      readonly schedule?: JobReceipt['schedule'];
    }
  | {
      readonly outcome: 'rejected';
      readonly queue: string;
      readonly name: string;
      readonly error: MessageQueueError;
    }
  | {
      readonly outcome: 'unknown';
      readonly id: string;
      readonly queue: string;
      readonly name: string;
      readonly error: MessageQueueError;
    };
