import { MessageQueueError } from '../../../kernel/errors.js';
import {
  CancelledError,
  CircuitOpenError,
  LockLostError,
  RetryLater,
  ShutdownError,
  UnrecoverableJobError,
} from '../../jobs/errors.js';
import type { JobContext } from '../../handlers/job-context.js';

/** Whether a run that ended with `error` was the job's last: no attempt is left, or trying again cannot help. */
export function isFinalFailure(error: unknown, context: JobContext): boolean {
  const cause: unknown = context.signal.aborted ? context.signal.reason : error;
  if (cause instanceof CancelledError) return true;
  if (cause instanceof ShutdownError || cause instanceof LockLostError) return false;
  if (error instanceof RetryLater || error instanceof CircuitOpenError) return false;
  return error instanceof UnrecoverableJobError || context.attempt >= context.maxAttempts;
}

/**
 * Why a message failed, as its status keeps it: our own errors' text, of others the name or code only, since a library's
 * message may quote what was sent.
 */
export function failureReasonOf(error: unknown, context: JobContext): string {
  const cause: unknown = context.signal.aborted ? context.signal.reason : error;
  if (cause instanceof MessageQueueError) return `${cause.code}: ${cause.message}`.slice(0, 500);
  if (cause instanceof Error) {
    const code = (cause as { code?: unknown }).code;
    return typeof code === 'string' ? `${cause.name} (${code})`.slice(0, 500) : cause.name;
  }
  return 'unknown error';
}
