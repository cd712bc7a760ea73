import { MessageQueueError } from '../../../kernel/errors.js';

/** The keys that jobs are sealed with cannot be had for now. Of an add: nothing was stored, the same call again is safe. Of a job: it waits. */
export class KeyUnavailableError extends MessageQueueError {
  readonly code = 'KEY_UNAVAILABLE';
}

/** The conversation, tenant or person was erased: nothing new of it is stored. */
export class ScopeShreddedError extends MessageQueueError {
  readonly code = 'SCOPE_SHREDDED';
}
