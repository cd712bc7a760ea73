import type {
  BATCH_QUEUE,
  CLEANUP_QUEUE,
  DELIVERY_QUEUE,
  ENCRYPTION_QUEUE,
  INDEXING_QUEUE,
  NOTIFICATION_QUEUE,
} from '../queues/queue-definitions.js';
import type { PayloadInput } from './payload-input.js';

/** What a host writes for the jobs of the six queues, by job name. */
export interface BuiltInPayloads {
  readonly 'send-message': PayloadInput<typeof DELIVERY_QUEUE, 'send-message'>;
  readonly 'delivery-confirmation': PayloadInput<typeof DELIVERY_QUEUE, 'delivery-confirmation'>;
  readonly 'send-notification': PayloadInput<typeof NOTIFICATION_QUEUE, 'send-notification'>;
  readonly 'index-message': PayloadInput<typeof INDEXING_QUEUE, 'index-message'>;
  readonly 'encrypt-decrypt': PayloadInput<typeof ENCRYPTION_QUEUE, 'encrypt-decrypt'>;
  readonly 'batch-send': PayloadInput<typeof BATCH_QUEUE, 'batch-send'>;
  readonly 'cleanup-messages': PayloadInput<typeof CLEANUP_QUEUE, 'cleanup-messages'>;
}
