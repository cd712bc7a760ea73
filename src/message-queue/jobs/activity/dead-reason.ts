import type { FailureRecord } from '../managed-job.js';
import type { DeadReason } from './process-activity.js';

/** By what failures are recorded as: a code, or the name of an error that lost its code because it quoted content. */
const BY_ERROR: ReadonlyMap<string, DeadReason> = new Map([
  ['INVALID_PAYLOAD', 'invalid_payload'],
  ['InvalidPayloadError', 'invalid_payload'],
  ['UPCAST_FAILED', 'invalid_payload'],
  ['UpcastError', 'invalid_payload'],
  ['UNKNOWN_JOB_NAME', 'unknown_job'],
  ['UnknownJobNameError', 'unknown_job'],
  ['NEWER_PAYLOAD', 'unknown_job'],
  ['NewerPayloadError', 'unknown_job'],
  ['UNRECOVERABLE_JOB', 'unrecoverable'],
  ['UnrecoverableJobError', 'unrecoverable'],
]);

/** Why a job became a dead letter, by the failure that was its last. @param otherwise where that does not say */
export function deadReason({ kind, error }: FailureRecord, otherwise: DeadReason): DeadReason {
  if (kind === 'crash') return 'crash_loop';
  if (kind === 'cancelled') return 'cancelled';
  return (kind === 'error' ? BY_ERROR.get(error) : undefined) ?? otherwise;
}
