import { IssuesError, MessageQueueError } from '../../../kernel/errors.js';

/** The query or the body of a request is wrong; lists every field. */
export class InvalidRequestError extends IssuesError {
  readonly code = 'INVALID_REQUEST';
}

/** The route answers to other methods. */
export class MethodNotAllowedError extends MessageQueueError {
  readonly code = 'METHOD_NOT_ALLOWED';
  constructor(readonly allowed: readonly string[]) {
    super(`Send ${allowed.join(' or ')}.`);
  }
}

/** What is asked for cannot be done to what is there now. */
export class ConflictError extends MessageQueueError {
  readonly code = 'CONFLICT';
}
