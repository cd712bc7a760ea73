import type { Type } from '@nestjs/common';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { BatchMessageProcessor } from './batch/batch.processor.js';
import { BATCH_QUEUE } from './batch/batch.queue.js';
import { MessageCleanupProcessor } from './cleanup/cleanup.processor.js';
import { CLEANUP_QUEUE } from './cleanup/cleanup.queue.js';
import { MessageDeliveryProcessor } from './delivery/delivery.processor.js';
import { DELIVERY_QUEUE } from './delivery/delivery.queue.js';
import { MessageEncryptionProcessor } from './encryption/encryption.processor.js';
import { ENCRYPTION_QUEUE } from './encryption/encryption.queue.js';
import { MessageIndexingProcessor } from './indexing/indexing.processor.js';
import { INDEXING_QUEUE } from './indexing/indexing.queue.js';
import { MessageNotificationProcessor } from './notification/notification.processor.js';
import { NOTIFICATION_QUEUE } from './notification/notification.queue.js';
import { NotificationChannels } from './notification/notification-channels.js';
import { NotificationGate } from './notification/notification-gate.js';
import { NotificationTargets } from './notification/notification-targets.js';
import { NotificationTemplateCheck } from './notification/notification-template-check.js';

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

/** The classes that handle their jobs, and the parts these are made of; providers of the module. */
export const BUILT_IN_PROCESSORS: readonly Type<object>[] = [
  MessageDeliveryProcessor,
  MessageNotificationProcessor,
  MessageIndexingProcessor,
  MessageEncryptionProcessor,
  BatchMessageProcessor,
  MessageCleanupProcessor,
  // What the notification queue is made of beside its processor.
  NotificationChannels,
  NotificationGate,
  NotificationTargets,
  NotificationTemplateCheck,
];
