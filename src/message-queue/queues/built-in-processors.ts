import type { Type } from '@nestjs/common';
import { BatchMessageProcessor } from './batch/batch.processor.js';
import { MessageCleanupProcessor } from './cleanup/cleanup.processor.js';
import { DeletionGate } from './deletion-gate.js';
import { EraseTracesProcessor } from './cleanup/erase-traces.processor.js';
import { MessageDeliveryProcessor } from './delivery/delivery.processor.js';
import { MessageEncryptionProcessor } from './encryption/encryption.processor.js';
import { MessageIndexingProcessor } from './indexing/indexing.processor.js';
import { DigestComposer } from './notification/digest/digest-composer.js';
import { DigestEntries } from './notification/digest/digest-entries.js';
import { DigestProcessor } from './notification/digest/digest.processor.js';
import { ReindexProcessor } from './indexing/reindex.processor.js';
import { MessageNotificationProcessor } from './notification/notification.processor.js';
import { NotificationChannels } from './notification/notification-channels.js';
import { NotificationGate } from './notification/notification-gate.js';
import { NotificationSender } from './notification/notification-sender.js';
import { NotificationTargets } from './notification/notification-targets.js';
import { NotificationCheck } from './notification/notification-check.js';

/** The classes that handle the jobs of the six queues, and the parts these are made of; providers of the module. */
export const BUILT_IN_PROCESSORS: readonly Type<object>[] = [
  MessageDeliveryProcessor,
  MessageNotificationProcessor,
  DigestProcessor,
  MessageIndexingProcessor,
  ReindexProcessor,
  MessageEncryptionProcessor,
  BatchMessageProcessor,
  MessageCleanupProcessor,
  EraseTracesProcessor,
  // What several of them ask.
  DeletionGate,
  // What the notification queue is made of beside its processor.
  DigestComposer,
  DigestEntries,
  NotificationChannels,
  NotificationGate,
  NotificationSender,
  NotificationTargets,
  NotificationCheck,
];
