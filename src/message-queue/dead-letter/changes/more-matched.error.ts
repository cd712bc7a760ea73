import { MessageQueueError } from '../../../kernel/errors.js';

/** More dead letters match than the preview had counted, so none was touched. */
export class MoreMatchedError extends MessageQueueError {
  readonly code = 'MORE_MATCHED';
}
