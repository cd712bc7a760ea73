import { MessageQueueError } from '../../kernel/errors.js';

/** What a command ends with. */
export const EXIT = {
  /** It is done; `health`, `check`: all is well. */
  done: 0,
  /** It could not be done; `health`, `check`: something needs attention. */
  failed: 1,
  /** It was called in a wrong way; `health`, `check`: jobs are not getting done. */
  wrong: 2,
  /** Nothing was changed: nobody confirmed it, or more match than were expected. */
  refused: 3,
  /** Somebody pressed Ctrl-C. */
  interrupted: 130,
} as const;

/** A command was called in a way that makes no sense. */
export class UsageError extends MessageQueueError {
  readonly code = 'USAGE';
}

/** Nothing was changed: it was not confirmed, or there is more than was expected. */
export class NotConfirmedError extends MessageQueueError {
  readonly code = 'NOT_CONFIRMED';
}
