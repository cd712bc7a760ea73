import type { QueueDefinition } from '../jobs/queue-definition.js';
import { BATCH_QUEUE } from './batch/batch.queue.js';
import { CLEANUP_QUEUE } from './cleanup/cleanup.queue.js';
import { DELIVERY_QUEUE } from './delivery/delivery.queue.js';
import { ENCRYPTION_QUEUE } from './encryption/encryption.queue.js';
import { INDEXING_QUEUE } from './indexing/indexing.queue.js';
import { NOTIFICATION_QUEUE } from './notification/notification.queue.js';

export { QueueName, isQueueName } from './queue-name.js';
export { BATCH_QUEUE, CLEANUP_QUEUE, DELIVERY_QUEUE, ENCRYPTION_QUEUE, INDEXING_QUEUE, NOTIFICATION_QUEUE };

/** The six queues that every `MessageQueueModule` has. */
export const BUILT_IN_QUEUES = [
  DELIVERY_QUEUE,
  NOTIFICATION_QUEUE,
  INDEXING_QUEUE,
  ENCRYPTION_QUEUE,
  BATCH_QUEUE,
  CLEANUP_QUEUE,
] as const satisfies readonly QueueDefinition[];
