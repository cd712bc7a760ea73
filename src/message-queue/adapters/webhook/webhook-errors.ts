import { MessageQueueError } from '../../../kernel/errors.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';

/** The endpoint refused the message for good, redirects, or its address must not be called: the job becomes a dead letter. */
export class WebhookRefusedError extends UnrecoverableJobError {
  override readonly code = 'WEBHOOK_REFUSED';
}

/** The endpoint is in trouble: 5xx, no answer in time. Worth a retry. */
export class WebhookFailedError extends MessageQueueError {
  readonly code = 'WEBHOOK_FAILED';
}
