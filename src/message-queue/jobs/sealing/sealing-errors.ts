import { MessageQueueError } from '../../../kernel/errors.js';
import { UnrecoverableJobError } from '../errors.js';

/** The keys that jobs are sealed with cannot be had for now. Of an add: nothing was stored, the same call again is safe. Of a job: it waits. */
export class KeyUnavailableError extends MessageQueueError {
  readonly code = 'KEY_UNAVAILABLE';
}

/** The conversation, tenant or person was erased: nothing new of it is stored. */
export class ScopeShreddedError extends MessageQueueError {
  readonly code = 'SCOPE_SHREDDED';
}

/** A stored payload was changed, or belongs to another job or other readable fields. A dead letter at once. */
export class SealBrokenError extends UnrecoverableJobError {
  override readonly code = 'SEAL_BROKEN';
}

/** A job of a sealed queue was stored in plain text, and `privacy.unsealed` is `refuse`. A dead letter at once. */
export class UnsealedJobError extends UnrecoverableJobError {
  override readonly code = 'UNSEALED_JOB';
}

/** Jobs are sealed, and nobody said with which keys. Thrown at start. */
export class KeysRequiredError extends MessageQueueError {
  readonly code = 'KEYS_REQUIRED';
}
