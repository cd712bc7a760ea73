import { IssuesError, MessageQueueError } from '../../../kernel/errors.js';

/** Nothing can be erased for good: keys are derived from the ring, so that they cannot be destroyed. Names what to plug in. */
export class ShreddingUnavailableError extends MessageQueueError {
  readonly code = 'SHREDDING_UNAVAILABLE';
}

/** A legal hold forbids it, and nothing was changed. */
export class LegalHoldError extends MessageQueueError {
  readonly code = 'LEGAL_HOLD';
}

/** What should be erased, recalled or held is not named as it must be; lists every problem. Nothing was changed. */
export class InvalidErasureError extends IssuesError {
  readonly code = 'INVALID_ERASURE';
}

/** The error of a conversation under legal hold. */
export function legalHoldError(): LegalHoldError {
  return new LegalHoldError(
    'The conversation is under legal hold, and nothing was changed. Release the hold first: privacy.releaseHold(conversationId, { by, reason }).',
  );
}
