import { MessageQueueError } from '../../../kernel/errors.js';

/** A sink did not take an alert; it is asked again with the next evaluation. Quotes neither an address nor a secret. */
export class AlertSendError extends MessageQueueError {
  readonly code = 'ALERT_SEND';
}
