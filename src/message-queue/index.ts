/**
 * nestjs-message-queue: what a host writes every day. The rest has entries of its own: `/queues` (the six queues in
 * detail), `/ports` (what adapters implement), `/operations` (dead letters, metrics, health, the board, the worker),
 * `/testing` and `/adapters/…`.
 */

// The module and its options
export { MessageQueueModule } from './message-queue.module.js';
export type {
  CleanupOptions,
  MessageQueueConfig,
  MessageQueueFactoryOptions,
  MessageQueueModuleAsyncOptions,
  MessageQueueModuleOptions,
  MessageQueueOptions,
  MessageQueueOptionsFactory,
  RedisOptions,
  RegisterQueueOptions,
  Role,
} from './message-queue.options.js';
export type { ProviderName } from './broker/broker.js';
export type { QueueOverrides } from './jobs/queue-settings.js';
export type { CircuitBreakerOptions } from './resilience/breaker-settings.js';
export { schedule } from './schedules/schedule-declaration.js';
export type { Schedule, ScheduleOptions } from './schedules/schedule-declaration.js';
export { getConfigToken, MESSAGE_QUEUE_CONFIG } from './message-queue.tokens.js';
export { getQueueToken } from '@nestjs/bull-shared';
export { InjectQueue, Processor } from './handlers/bull-decorators.js';

// The service, what its calls take and give
export { MessageQueueService } from './message-queue.service.js';
export type { EnqueueOptions } from './admission/job-options.js';
export type { CancelOutcome } from './broker/broker.js';
export type { BatchReceipt } from './facade/batch/batch-enqueuer.js';
export type { BatchStatus } from './facade/batch/batch-status.js';
export type { BulkJob, BulkReceipt, JobReceipt } from './facade/job-receipt.js';
export type { JobStatus } from './facade/job-status.js';
export type { JobState } from './finding/job-state.js';
export type { PayloadInput } from './facade/payload-input.js';
export type { CleanOptions } from './facade/queue-administration.js';
export { JobPriority } from './jobs/job-priority.js';
export type { JobProgress } from './jobs/job-progress.js';

// Queues and their payloads
export { defineQueue } from './jobs/queue-definition.js';
export type { PayloadOf, QueueDefinition } from './jobs/queue-definition.js';
export type { BackoffPolicy, QueueSettings } from './jobs/queue-settings.js';
export { defineRate } from './jobs/flow/rate.js';
export type { FlowPolicy } from './jobs/flow/flow-policy.js';
export { Identifies, KeyScope, Readable } from './privacy/sealed-fields.decorators.js';
export { QueueName } from './queues/queue-name.js';
export { BatchMessageJobDto } from './queues/batch/batch-message-job.dto.js';
export { CleanupJobDto, CleanupType } from './queues/cleanup/cleanup-job.dto.js';
export { AttachmentDto } from './queues/delivery/attachment.dto.js';
export {
  ConfirmationStatus,
  DeliveryConfirmationJobDto,
} from './queues/delivery/delivery-confirmation-job.dto.js';
export { SendMessageJobDto } from './queues/delivery/send-message-job.dto.js';
export { EncryptionJobDto, EncryptionOperation } from './queues/encryption/encryption-job.dto.js';
export { IndexingJobDto, IndexingOperation } from './queues/indexing/indexing-job.dto.js';
export { NotificationJobDto } from './queues/notification/notification-job.dto.js';
export { NotificationPriority } from './queues/notification/notification-priority.js';
export { PushPayloadDto } from './queues/notification/push-payload.dto.js';
export { NotificationType } from './ports/notifications/notification-type.js';

// Handlers, what surrounds them, and what is told of their jobs
export { JobHandler } from './handlers/job-handler.decorator.js';
export type { JobHandlerOptions } from './handlers/job-handler.decorator.js';
export type { BatchContext } from './handlers/batch-context.js';
export type { JobContext } from './handlers/job-context.js';
export type { ErrorVerdict, JobErrorPolicy } from './handlers/job-error-policy.js';
export type { JobEnd, JobEndListener } from './jobs/events/job-end.js';
export type {
  JobMiddleware,
  JobMiddlewareRegistration,
  MiddlewareContext,
} from './execution/job-middleware.js';
export { JobEvents } from './jobs/events/job-events.js';
export type { JobEventMap, JobEventName } from './jobs/events/job-events.js';

// Errors that a host catches or throws
export { InvalidConfigurationError, MessageQueueError } from '../kernel/errors.js';
export type { ErrorPlace, Issue } from '../kernel/errors.js';
export {
  BatchIncompleteError,
  BrokerUnavailableError,
  CancelledError,
  CircuitOpenError,
  EnqueueTimeoutError,
  IdempotencyConflictError,
  InvalidJobOptionsError,
  InvalidPayloadError,
  JobNotFoundError,
  JobStateError,
  JobTimeoutError,
  QueueFullError,
  RetryLater,
  ScheduleNotFoundError,
  UnknownJobNameError,
  UnknownQueueError,
  UnrecoverableJobError,
} from './jobs/errors.js';
export { JobFailedError } from './jobs/errors-in-caller.js';
export { KeyUnavailableError, ScopeShreddedError } from './jobs/sealing/sealing-errors.js';
