import {
  CancelledError,
  CircuitOpenError,
  ErasedError,
  InvalidPayloadError,
  JobTimeoutError,
  LockLostError,
  RetryLater,
  ShutdownError,
  UnrecoverableJobError,
} from '../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../ports/destination-errors.js';

/**
 * What a call that threw says about the dependency: it is in trouble, it answered, or nothing either way.
 */
export type CallVerdict = 'failure' | 'answered' | 'silent';

/** A destination that takes nothing says nothing of the service that others share. */
const ANSWERED = [UnrecoverableJobError, InvalidPayloadError, RetryLater, DestinationBusyError];
const SILENT = [CancelledError, ErasedError, ShutdownError, LockLostError, CircuitOpenError];

/** Judges a failed call; `isFailure` is the host's verdict on errors that the library has no rule for. */
export function judgeFailedCall(
  error: unknown,
  signal: AbortSignal | undefined,
  isFailure: (error: unknown) => boolean,
): CallVerdict {
  // A dependency that hangs until the job's timeout is down; one that was called off for the job's sake may be fine.
  if (signal?.aborted) return signal.reason instanceof JobTimeoutError ? 'failure' : 'silent';
  if (SILENT.some((type) => error instanceof type)) return 'silent';
  if (ANSWERED.some((type) => error instanceof type)) return 'answered';
  if (error instanceof ChannelSettingsError) return 'failure';
  return isFailure(error) ? 'failure' : 'answered';
}
