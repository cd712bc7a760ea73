/** nestjs-message-queue/queues: the six queues in detail, and what describes a queue of a host's own. */

// The six and their processors
export {
  BATCH_QUEUE,
  BUILT_IN_QUEUES,
  CLEANUP_QUEUE,
  DELIVERY_QUEUE,
  ENCRYPTION_QUEUE,
  INDEXING_QUEUE,
  isQueueName,
  NOTIFICATION_QUEUE,
} from './queue-definitions.js';
export { batchMessageId } from './batch/batch-plan.js';
export { BatchMessageProcessor } from './batch/batch.processor.js';
export type { BatchResult } from './batch/batch.processor.js';
export { EraseTracesJobDto } from './cleanup/erase-traces-job.dto.js';
export { EraseTracesProcessor, ErasureIncompleteError } from './cleanup/erase-traces.processor.js';
export { MessageCleanupProcessor } from './cleanup/cleanup.processor.js';
export type { CleanupResult } from './cleanup/cleanup.processor.js';
export { MessageDeliveryProcessor } from './delivery/delivery.processor.js';
export type { DeliveryConfirmationResult, SendMessageResult } from './delivery/delivery.processor.js';
export { MessageEncryptionProcessor } from './encryption/encryption.processor.js';
export type { EncryptionResult } from './encryption/encryption.processor.js';
export { MessageIndexingProcessor } from './indexing/indexing.processor.js';
export type { IndexingResult } from './indexing/indexing.processor.js';
export { ReindexJobDto } from './indexing/reindex-job.dto.js';
export { ReindexProcessor } from './indexing/reindex.processor.js';
export type { ReindexResult } from './indexing/reindex.processor.js';
export { MessageNotificationProcessor } from './notification/notification.processor.js';
export type { DigestResult } from './notification/digest/digest.processor.js';
export { DigestItemJobDto } from './notification/digest/digest-item-job.dto.js';
export { DigestProcessor } from './notification/digest/digest.processor.js';
export type { LeftOutTarget } from './notification/notification-sender.js';
export type { NotificationResult } from './notification/notification.processor.js';

// What their payloads may say
export { isCleanupType } from './cleanup/cleanup-job.dto.js';
export { isConfirmationStatus } from './delivery/delivery-confirmation-job.dto.js';
export { MAX_CONTENT_LENGTH } from './delivery/send-message-job.dto.js';
export { isEncryptionOperation } from './encryption/encryption-job.dto.js';
export { ContentFormat, isContentFormat } from './indexing/content-format.js';
export { isIndexingOperation } from './indexing/indexing-job.dto.js';
export { isNotificationPriority } from './notification/notification-priority.js';

// What describes a queue and its jobs
export { isJobPriority } from '../jobs/job-priority.js';
export { QUEUE_DEFAULTS } from '../jobs/queue-settings.js';
export type {
  DtoOf,
  GivenJobs,
  JobMap,
  JobNameOf,
  PayloadVersion,
  QueueDefinitionInput,
  Upcast,
  VersionedJob,
} from '../jobs/queue-definition.js';
export type { BatchPolicy, GroupOf, JobFlow, KeyPolicy, TenantPolicy } from '../jobs/flow/flow-policy.js';
export type { RateLimit, SharedRate } from '../jobs/flow/rate.js';
export type { RetentionPolicy } from '../jobs/queue-settings.js';
export { MESSAGE_QUEUE_BACKOFF, messageQueueBackoffStrategies, retryDelayMs } from '../jobs/retry-policy.js';
export type { CronSchedule, IntervalSchedule, RepeatBounds } from '../admission/job-options.js';
