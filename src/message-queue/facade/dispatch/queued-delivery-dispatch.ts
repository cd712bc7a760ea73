import { Injectable } from '@nestjs/common';
import { QueueFullError } from '../../jobs/errors.js';
import { DeliveryDispatch } from '../../ports/messages/delivery-dispatch.js';
import type { DispatchOutcome, DispatchedMessage } from '../../ports/messages/delivery-dispatch.js';
import { DELIVERY_QUEUE } from '../../queues/queue-definitions.js';
import { JobEnqueuer } from '../job-enqueuer.js';
import type { BulkReceipt } from '../job-receipt.js';

/** When to try again what the broker could not take now. */
const RETRY_AFTER_MS = 1_000;

/** Hands a batch's messages to the delivery queue; the message id is the idempotency key. */
@Injectable()
export class QueuedDeliveryDispatch extends DeliveryDispatch {
  constructor(private readonly enqueuer: JobEnqueuer) {
    super();
  }

  override async dispatchMany(
    messages: readonly DispatchedMessage[],
    signal: AbortSignal,
  ): Promise<DispatchOutcome[]> {
    signal.throwIfAborted();
    const receipts = await this.enqueuer.addMany(
      DELIVERY_QUEUE.name,
      'send-message',
      messages.map(({ batchId, ...message }) => ({
        payload: { ...message, ...(batchId !== null && { batchId }) },
        options: { idempotencyKey: message.messageId, ...(batchId !== null && { correlationId: batchId }) },
      })),
    );
    return receipts.map(outcomeOf);
  }
}

function outcomeOf(receipt: BulkReceipt): DispatchOutcome {
  switch (receipt.outcome) {
    case 'added':
      return { outcome: 'queued' };
    case 'deduplicated':
      return { outcome: 'duplicate' };
    case 'unknown':
      return { outcome: 'retry', retryAfterMs: RETRY_AFTER_MS };
    case 'rejected':
      if (receipt.error instanceof QueueFullError) {
        return { outcome: 'retry', retryAfterMs: receipt.error.retryAfterMs };
      }
      if (receipt.error.code === 'BROKER_UNAVAILABLE')
        return { outcome: 'retry', retryAfterMs: RETRY_AFTER_MS };
      return { outcome: 'rejected', reason: `${receipt.error.code}: ${receipt.error.message}` };
  }
}
