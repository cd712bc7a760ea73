/**
 * nestjs-message-queue: everything a host app imports. Adapters and the test kit are entries of their own
 * (`nestjs-message-queue/adapters/…`, `nestjs-message-queue/testing`).
 */

// The module, its options, its tokens
export { MessageQueueModule } from './message-queue.module.js';
export type {
  MessageQueueModuleAsyncOptions,
  MessageQueueModuleOptions,
  MessageQueueModuleSetup,
  MessageQueueOptionsFactory,
} from './message-queue.module.js';
export type {
  CleanupOptions,
  DeclaredSchedule,
  MessageQueueConfig,
  MessageQueueOptions,
  RedisOptions,
  RedisSettings,
  RedisTopology,
  Role,
  ScheduleDeclaration,
  ScheduleRepeat,
} from './message-queue.options.js';
export type { QueueOverrides } from './configuration/queue-settings.js';
export { getBrokerToken, getConfigToken, MESSAGE_QUEUE_CONFIG } from './message-queue.tokens.js';
export { getQueueToken, InjectQueue, Processor } from '@nestjs/bull';

// The facade and what it gives
export { MessageQueueService } from './message-queue.service.js';
export { BatchIncompleteError } from './facade/batch-enqueuer.js';
export type { BatchReceipt } from './facade/batch-enqueuer.js';
export type { BatchStatus } from './facade/batch-status.js';
export type { BulkJob, BulkReceipt, JobReceipt } from './facade/job-receipt.js';
export type { JobState, JobStatus } from './facade/job-status.js';
export type { DataOf, PayloadInput } from './facade/payload-input.js';
export type { CleanOptions } from './facade/queue-administration.js';
export { MessageQueueWorker } from './message-queue.worker.js';
export type { StopOptions, StopReport } from './message-queue.worker.js';

// Queues and jobs
export {
  BATCH_QUEUE,
  BUILT_IN_QUEUES,
  CLEANUP_QUEUE,
  DELIVERY_QUEUE,
  ENCRYPTION_QUEUE,
  INDEXING_QUEUE,
  isQueueName,
  NOTIFICATION_QUEUE,
  QueueName,
} from './queues/queue-definitions.js';
export { defineQueue, QUEUE_DEFAULTS } from './jobs/queue-definition.js';
export type {
  BackoffPolicy,
  JobMap,
  JobNameOf,
  PayloadOf,
  QueueDefinition,
  QueueDefinitionInput,
  QueueSettings,
  RetentionPolicy,
} from './jobs/queue-definition.js';
export { isJobPriority, JobPriority } from './jobs/job-priority.js';
export type { CronSchedule, EnqueueOptions, IntervalSchedule, RepeatBounds } from './jobs/job-options.js';
export { JobHandler } from './jobs/job-handler.decorator.js';
export type { JobHandlerOptions } from './jobs/job-handler.decorator.js';
export type { JobContext } from './jobs/job-context.js';
export type { JobProgress } from './jobs/job-progress.js';
export type { ErrorVerdict, JobErrorPolicy } from './jobs/job-error-policy.js';
export type { JobMiddleware, JobMiddlewareRegistration, MiddlewareContext } from './jobs/job-middleware.js';
export { JobEvents } from './jobs/job-events.js';
export type {
  JobEventListener,
  JobEventMap,
  JobEventName,
  JobEventPlace,
  JobRunEventPlace,
} from './jobs/job-events.js';
export type { FailureRecord, ManagedJobOptions, ManagedJobRecord, ReplayRecord } from './jobs/managed-job.js';
export { MESSAGE_QUEUE_BACKOFF, messageQueueBackoffStrategies, retryDelayMs } from './jobs/retry-policy.js';
export { Clock, SystemClock } from './jobs/clock.js';
export type { ClockTimer } from './jobs/clock.js';
export * from './jobs/errors.js';

// The payloads of the six queues, their processors and results
export * from './queues/delivery/attachment.dto.js';
export * from './queues/delivery/delivery-confirmation-job.dto.js';
export * from './queues/delivery/delivery.processor.js';
export * from './queues/delivery/send-message-job.dto.js';
export * from './queues/notification/notification-job.dto.js';
export * from './queues/notification/notification-priority.js';
export * from './queues/notification/notification.processor.js';
export * from './queues/notification/push-payload.dto.js';
export * from './queues/indexing/indexing-job.dto.js';
export * from './queues/indexing/indexing.processor.js';
export * from './queues/encryption/encryption-job.dto.js';
export * from './queues/encryption/encryption.processor.js';
export * from './queues/batch/batch-message-job.dto.js';
export * from './queues/batch/batch.processor.js';
export * from './queues/cleanup/cleanup-job.dto.js';
export * from './queues/cleanup/cleanup.processor.js';

// Dead letters
export { DeadLetterService } from './dead-letter/dead-letter.service.js';
export type {
  DeadLetterRunOptions,
  DiscardReport,
  ReplayOptions,
  ReplayReport,
} from './dead-letter/dead-letter.service.js';
export type { DeadLetter } from './dead-letter/dead-letter.js';
export type { DeadLetterFilter } from './dead-letter/dead-letter-filter.js';
export type { DeadLetterPage, DeadLetterQuery } from './dead-letter/dead-letter-page.js';
export type { DeadLetterStats } from './dead-letter/dead-letter-stats.js';

export { DeadLetterNotifier } from './dead-letter/dead-letter-notifier.js';
export type { DeadLetterNotice } from './dead-letter/dead-letter-notifier.js';

// Monitoring
export { QueueMonitor } from './monitoring/queue-monitor.js';
export type { QueueMetrics, QueueStats, QueueSummary, QueueTotals } from './monitoring/queue-stats.js';
export type {
  HealthReason,
  HealthStatus,
  HealthThresholds,
  OverallHealth,
  QueueHealth,
} from './monitoring/queue-health.js';

// The board
export { basicAuthAccess } from './admin/board/basic-auth.js';
export type { BasicAuthCredentials } from './admin/board/basic-auth.js';
export type { BoardAccess, BoardJobView, BoardMiddleware, BoardOptions } from './admin/board/board-access.js';

// The seams
export { Broker } from './broker/broker.js';
export type {
  AddOutcome,
  AddRequest,
  BulkAddOutcome,
  CancelOutcome,
  Delivery,
  ProviderName,
  QueueSnapshot,
  QueueWorker,
  RunDelivery,
  ServerReport,
} from './broker/broker.js';
export { ManagedQueues } from './broker/managed-queues.js';
export type { ManagedQueue } from './broker/managed-queues.js';
export type { CircuitBreakerOptions } from './resilience/breaker-settings.js';

// The ports that adapters implement
export * from './ports/attachment-files.js';
export * from './ports/attachment-reference.js';
export * from './ports/attachment-store.js';
export * from './ports/batch-progress-store.js';
export * from './ports/circuit-breakers.js';
export * from './ports/cleanup-store.js';
export * from './ports/conversation-store.js';
export * from './ports/delivery-dispatch.js';
export * from './ports/delivery-status.js';
export * from './ports/device-token-store.js';
export * from './ports/encrypted-content-store.js';
export * from './ports/encryption-algorithm.js';
export * from './ports/encryption-errors.js';
export * from './ports/key-provider.js';
export * from './ports/message-cipher.js';
export * from './ports/message-store.js';
export * from './ports/message-transport.js';
export * from './ports/notification-channel.js';
export * from './ports/notification-inbox.js';
export * from './ports/notification-ledger.js';
export * from './ports/notification-preferences.js';
export * from './ports/notification-type.js';
export * from './ports/page.js';
export * from './ports/recipient-contacts.js';
export * from './ports/search-index.js';
export * from './ports/template-renderer.js';
