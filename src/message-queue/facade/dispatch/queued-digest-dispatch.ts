import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  BrokerUnavailableError,
  EnqueueTimeoutError,
  QueueFullError,
  RetryLater,
} from '../../jobs/errors.js';
import { DigestDispatch } from '../../ports/notifications/digest-dispatch.js';
import type { DigestItem } from '../../ports/notifications/digest-dispatch.js';
import { NOTIFICATION_QUEUE } from '../../queues/queue-definitions.js';
import { JobEnqueuer } from '../job-enqueuer.js';

/** When to try again what the broker could not take now. */
const RETRY_AFTER_MS = 1_000;

/** Adds each item as a job `send-digest`; the jobs of one digest have one key, which is how the queue collects them. */
@Injectable()
export class QueuedDigestDispatch extends DigestDispatch {
  constructor(private readonly enqueuer: JobEnqueuer) {
    super();
  }

  override async collect(item: DigestItem, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const options = {
      key: groupOf(item),
      idempotencyKey: `digest:${item.notificationId}`,
      correlationId: item.notificationId,
    };
    try {
      await this.enqueuer.add(NOTIFICATION_QUEUE.name, 'send-digest', item, options);
    } catch (error) {
      throw isForNow(error)
        ? new RetryLater(waitOf(error), 'The notification queue takes no digest now.')
        : error;
    }
  }
}

/** What goes out as one message. Keys are visible in Redis: this one says nothing of who or where. */
function groupOf(item: DigestItem): string {
  const { recipientId, type, digestKey, digestTemplate = '', emailAddress = '', phoneNumber = '' } = item;
  const parts = [recipientId, type, digestKey, digestTemplate, emailAddress, phoneNumber];
  return `digest:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)}`;
}

function isForNow(error: unknown): boolean {
  return [QueueFullError, BrokerUnavailableError, EnqueueTimeoutError].some((type) => error instanceof type);
}

function waitOf(error: unknown): number {
  return error instanceof QueueFullError ? Math.max(1, error.retryAfterMs) : RETRY_AFTER_MS;
}
