import { MessageQueueError } from '../../../kernel/errors.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';

/** The endpoint refused this message for good, and may take others: the job becomes a dead letter. */
export class WebhookRefusedError extends UnrecoverableJobError {
  override readonly code = 'WEBHOOK_REFUSED';
}

/** The endpoint takes nothing for now, or is not reached: what its breaker counts, and the cause of the DestinationBusyError that the job sees. */
export class WebhookFailedError extends MessageQueueError {
  readonly code = 'WEBHOOK_FAILED';
  constructor(
    message: string,
    /** How long the endpoint asked to be left alone, milliseconds; null: it did not say. */
    readonly retryAfterMs: number | null = null,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
