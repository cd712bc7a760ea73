import type { MessageQueueError } from '../../kernel/errors.js';
import { CancelledError, ErasedError, JobTimeoutError, LockLostError } from '../jobs/errors.js';

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
