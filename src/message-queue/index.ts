/**
 * nestjs-message-queue: everything a host app imports. Adapters and the test kit are entries of their own
 * (`nestjs-message-queue/adapters/…`, `nestjs-message-queue/testing`).
 */

// The module, its options, its tokens
export { MessageQueueModule } from './message-queue.module.js';
export type {
  MessageQueueFactoryOptions,
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
  RedisTls,
  RedisTopology,
  Role,
  ScheduleDeclaration,
  ScheduleRepeat,
} from './message-queue.options.js';
export { getBrokerToken, getConfigToken, MESSAGE_QUEUE_CONFIG } from './message-queue.tokens.js';
export type { QueueOverrides } from './configuration/queue-settings.js';
export { getQueueToken, InjectQueue, Processor } from '@nestjs/bull';
export type { CircuitBreakerOptions } from './resilience/breaker-settings.js';

// The facade, what its methods take and give
export { MessageQueueService } from './message-queue.service.js';
export { BatchIncompleteError } from './facade/batch-enqueuer.js';
export type { BatchReceipt } from './facade/batch-enqueuer.js';
export type { BatchStatus } from './facade/batch-status.js';
export type { BulkJob, BulkReceipt, JobReceipt } from './facade/job-receipt.js';
export type { JobState, JobStatus } from './facade/job-status.js';
export type { DataOf, PayloadInput } from './facade/payload-input.js';
export type { CleanOptions } from './facade/queue-administration.js';
export type {
  CronSchedule,
  EnqueueOptions,
  IntervalSchedule,
  RepeatBounds,
} from './admission/job-options.js';
export { isJobPriority, JobPriority } from './jobs/job-priority.js';
export type { JobProgress } from './jobs/job-progress.js';

// The worker
export { MessageQueueWorker } from './worker/message-queue.worker.js';
export type { StopOptions, StopReport } from './worker/message-queue.worker.js';

// Queues of the library and of a host
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
export { MESSAGE_QUEUE_BACKOFF, messageQueueBackoffStrategies, retryDelayMs } from './jobs/retry-policy.js';

// Handlers and what surrounds them
export { JobHandler } from './handlers/job-handler.decorator.js';
export type { JobHandlerOptions } from './handlers/job-handler.decorator.js';
export type { JobContext } from './handlers/job-context.js';
export type { ErrorVerdict, JobErrorPolicy } from './handlers/job-error-policy.js';
export type {
  JobMiddleware,
  JobMiddlewareRegistration,
  MiddlewareContext,
} from './execution/job-middleware.js';

// What happens to jobs
export { JobEvents } from './jobs/job-events.js';
export type {
  JobEventListener,
  JobEventMap,
  JobEventName,
  JobEventPlace,
  JobRunEventPlace,
} from './jobs/job-events.js';
export type { FailureRecord, ManagedJobOptions, ManagedJobRecord, ReplayRecord } from './jobs/managed-job.js';

// Time
export { Clock, SystemClock } from '../kernel/time/clock.js';
export type { ClockTimer } from '../kernel/time/clock.js';

// Errors
export { InvalidConfigurationError, MessageQueueError, MissingPackageError } from '../kernel/errors.js';
export {
  BrokerUnavailableError,
  CancelledError,
  CircuitOpenError,
  CrashLoopError,
  DuplicateRegistrationError,
  EnqueueTimeoutError,
  HandlerRegistrationError,
  IdempotencyConflictError,
  InvalidJobOptionsError,
  InvalidPayloadError,
  JobNotFoundError,
  JobStateError,
  JobTimeoutError,
  LockLostError,
  QueueFullError,
  RetryLater,
  ShutdownError,
  UnknownJobNameError,
  UnknownQueueError,
  UnrecoverableJobError,
  UnsupportedOperationError,
} from './jobs/errors.js';
export type { ErrorPlace, Issue } from '../kernel/errors.js';

// Queue message-delivery
export { AttachmentDto } from './queues/delivery/attachment.dto.js';
export {
  ConfirmationStatus,
  DeliveryConfirmationJobDto,
  isConfirmationStatus,
} from './queues/delivery/delivery-confirmation-job.dto.js';
export { MessageDeliveryProcessor } from './queues/delivery/delivery.processor.js';
export type { DeliveryConfirmationResult, SendMessageResult } from './queues/delivery/delivery.processor.js';
export { MAX_CONTENT_LENGTH, SendMessageJobDto } from './queues/delivery/send-message-job.dto.js';

// Queue message-notification
export { NotificationJobDto } from './queues/notification/notification-job.dto.js';
export { isNotificationPriority, NotificationPriority } from './queues/notification/notification-priority.js';
export { MessageNotificationProcessor } from './queues/notification/notification.processor.js';
export type { NotificationResult } from './queues/notification/notification.processor.js';
export { PushPayloadDto } from './queues/notification/push-payload.dto.js';

// Queue message-indexing
export {
  IndexingJobDto,
  IndexingOperation,
  isIndexingOperation,
} from './queues/indexing/indexing-job.dto.js';
export { MessageIndexingProcessor } from './queues/indexing/indexing.processor.js';
export type { IndexingResult } from './queues/indexing/indexing.processor.js';

// Queue message-encryption
export {
  EncryptionJobDto,
  EncryptionOperation,
  isEncryptionOperation,
} from './queues/encryption/encryption-job.dto.js';
export { MessageEncryptionProcessor } from './queues/encryption/encryption.processor.js';
export type { EncryptionResult } from './queues/encryption/encryption.processor.js';

// Queue batch-message-sending
export { BatchMessageJobDto } from './queues/batch/batch-message-job.dto.js';
export { batchMessageId } from './queues/batch/batch-plan.js';
export { BatchMessageProcessor } from './queues/batch/batch.processor.js';
export type { BatchResult } from './queues/batch/batch.processor.js';

// Queue message-cleanup
export { CleanupJobDto, CleanupType, isCleanupType } from './queues/cleanup/cleanup-job.dto.js';
export { MessageCleanupProcessor } from './queues/cleanup/cleanup.processor.js';
export type { CleanupResult } from './queues/cleanup/cleanup.processor.js';

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

// Metrics and health
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
export { basicAuthAccess } from './operations/board/basic-auth.js';
export type { BasicAuthCredentials } from './operations/board/basic-auth.js';
export type {
  BoardAccess,
  BoardJobView,
  BoardMiddleware,
  BoardOptions,
} from './operations/board/board-access.js';

// The seam to where jobs are kept
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
  ServerFinding,
  ServerReport,
} from './broker/broker.js';
export { ManagedQueues } from './broker/managed-queues.js';
export type { ManagedQueue } from './broker/managed-queues.js';

// Ports: messages and their delivery
export { ConversationStore } from './ports/messages/conversation-store.js';
export type { ConversationState } from './ports/messages/conversation-store.js';
export { DeliveryDispatch } from './ports/messages/delivery-dispatch.js';
export type { DispatchedMessage, DispatchOutcome } from './ports/messages/delivery-dispatch.js';
export { advancesStatus, DeliveryStatus, isDeliveryStatus } from './ports/messages/delivery-status.js';
export { MessageIdTakenError, MessageStore, UnknownMessageError } from './ports/messages/message-store.js';
export type {
  BatchStatusCounts,
  MessageForRecipient,
  RecipientStatus,
  StatusChange,
  StatusOutcome,
  StoredMessage,
} from './ports/messages/message-store.js';
export { MessageTransport } from './ports/messages/message-transport.js';
export type {
  StatusAnnouncement,
  TransportMessage,
  TransportOutcome,
  TransportReceipt,
} from './ports/messages/message-transport.js';

// Ports: notifications
export { DeviceTokenStore } from './ports/notifications/device-token-store.js';
export type { DevicePlatform, DeviceToken } from './ports/notifications/device-token-store.js';
export {
  EmailChannel,
  InAppChannel,
  NotificationChannel,
  NotificationSendError,
  PushChannel,
  SmsChannel,
} from './ports/notifications/notification-channel.js';
export type {
  ChannelOutcome,
  ChannelReceipt,
  OutgoingNotification,
  PushDetails,
} from './ports/notifications/notification-channel.js';
export { NotificationInbox } from './ports/notifications/notification-inbox.js';
export type { InboxEntry } from './ports/notifications/notification-inbox.js';
export { NotificationLedger } from './ports/notifications/notification-ledger.js';
export type {
  NotificationLedgerEntry,
  NotificationOutcome,
} from './ports/notifications/notification-ledger.js';
export { NotificationPreferences } from './ports/notifications/notification-preferences.js';
export type { QuietHours, RecipientPreferences } from './ports/notifications/notification-preferences.js';
export { isNotificationType, NotificationType } from './ports/notifications/notification-type.js';
export { RecipientContacts } from './ports/notifications/recipient-contacts.js';
export type { RecipientContact } from './ports/notifications/recipient-contacts.js';
export {
  MissingTemplateVariablesError,
  TemplateRenderer,
  UnknownTemplateError,
} from './ports/notifications/template-renderer.js';
export type { RenderedTemplate, TemplateVariables } from './ports/notifications/template-renderer.js';

// Ports: search
export { SearchIndex } from './ports/search-index.js';
export type {
  HighlightSegment,
  IndexOutcome,
  SearchDocument,
  SearchHit,
  SearchOptions,
} from './ports/search-index.js';

// Ports: encryption
export { EncryptedContentStore } from './ports/encryption/encrypted-content-store.js';
export type { DecryptedContent, EncryptedContent } from './ports/encryption/encrypted-content-store.js';
export { EncryptionAlgorithm, isEncryptionAlgorithm } from './ports/encryption/encryption-algorithm.js';
export {
  MalformedEnvelopeError,
  TamperedContentError,
  UnknownAlgorithmError,
  UnknownKeyError,
  WrongKeyError,
} from './ports/encryption/encryption-errors.js';
export { KeyProvider } from './ports/encryption/key-provider.js';
export type { EncryptionKey } from './ports/encryption/key-provider.js';
export { MessageCipher } from './ports/encryption/message-cipher.js';
export type {
  OpenedContent,
  OpenRequest,
  SealedContent,
  SealRequest,
} from './ports/encryption/message-cipher.js';

// Ports: batches
export { BatchProgressStore } from './ports/messages/batch-progress-store.js';
export type { BatchProgress, BatchSummary } from './ports/messages/batch-progress-store.js';

// Ports: attachments and clean-up
export { AttachmentFiles } from './ports/attachments/attachment-files.js';
export type { AttachmentReference } from './ports/attachments/attachment-reference.js';
export { AttachmentStore } from './ports/attachments/attachment-store.js';
export type { StoredAttachment } from './ports/attachments/attachment-store.js';
export { CleanupStore } from './ports/messages/cleanup-store.js';
export type { CleanupSelection } from './ports/messages/cleanup-store.js';

// Ports: circuit breakers
export { CircuitBreakers } from './ports/circuit-breakers.js';
export type { BreakerCall, BreakerStatus } from './ports/circuit-breakers.js';
export type { BreakerState } from './jobs/job-events.js';

// Ports: pages of a list
export { InvalidCursorError } from './ports/page.js';
export type { Page, PageRequest } from './ports/page.js';
