import type { MessageQueueError } from '../../kernel/errors.js';
import type { LedgerEntry } from '../admission/ledger-entry.js';
import type { JsonPayload } from '../admission/payloads/json-payload.js';
import type { ManagedJobOptions } from '../jobs/managed-job.js';

/** An add that is made once, however often it is asked for. */
export interface IdempotentAdd extends LedgerEntry {
  /** The idempotency key, as the caller gave it. */
  readonly key: string;
  readonly ttlMs: number;
}

/** One job to add. `data` has been validated; `options` are Bull's, checked by `admitJob`. */
export interface AddRequest {
  readonly name: string;
  /** The payload, or the JSON that was written of it. */
  readonly data: object | JsonPayload;
  readonly options: ManagedJobOptions;
  /** Same key + same payload within `ttlMs` → the first job's id; another payload → IdempotencyConflictError. */
  readonly idempotency?: IdempotentAdd;
  /** May use the reserve that is kept for CRITICAL jobs when the queue is full. */
  readonly critical?: boolean;
  /** When it is due, milliseconds since the epoch by the broker's clock; one that has passed is now. Default: as the options say. */
  readonly dueAt?: number;
  /** Deadline of this add in milliseconds. Default: the broker's `enqueueTimeoutMs`. */
  readonly deadlineMs?: number;
  /** Of a job out of a spool: the random name by which a broker knows that it had it before. */
  readonly spooledAs?: string;
  /** The add is an {@link OrdinaryAdd}. */
  readonly ordinary?: boolean;
}

/**
 * A job that asks for nothing but its level: no id, delay, key or deadline of its own. A broker may add it by a shorter
 * road, with the same outcome.
 */
export interface OrdinaryAdd extends Pick<AddRequest, 'name' | 'critical'> {
  readonly data: JsonPayload;
  /** The level on Bull's scale, and the payload's version unless it is the first; nothing is left to check. */
  readonly options: { readonly priority: number; readonly mq?: { readonly version: number } };
  readonly ordinary: true;
}

/** Whether a job asks for nothing but its level. */
export function isOrdinary(request: AddRequest): request is OrdinaryAdd {
  return request.ordinary === true;
}

/** What became of one add. */
export interface AddOutcome {
  readonly id: string;
  readonly deduplicated: boolean;
  /** Of a schedule: what the add did to it; `id` is that of its next run, or of the last one when it has ended. */
  readonly schedule?: 'created' | 'updated' | 'unchanged';
}

/** What became of one job of a bulk add; `unknown`: the broker did not answer in time, the same add again is safe. */
export type BulkAddOutcome =
  | {
      readonly outcome: 'added' | 'deduplicated';
      readonly id: string;
      readonly schedule?: AddOutcome['schedule'];
    }
  | { readonly outcome: 'rejected'; readonly error: MessageQueueError }
  | { readonly outcome: 'unknown'; readonly id: string; readonly error: MessageQueueError };
