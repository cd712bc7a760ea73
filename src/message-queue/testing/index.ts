/** The test kit of nestjs-message-queue: `nestjs-message-queue/testing`. */
export { CallRecorder } from './call-recorder.js';
export type { Fault, FaultPlan, MethodOf, RecordedCall } from './call-recorder.js';
export {
  attachmentFilesContract,
  attachmentStoreContract,
  auditTrailContract,
  batchProgressStoreContract,
  batchTracesContract,
  circuitBreakersContract,
  cleanupStoreContract,
  conversationMembersContract,
  conversationStoreContract,
  dataKeyStoreContract,
  deletionContract,
  deliveryDispatchContract,
  deviceFeedContract,
  deviceTokenStoreContract,
  encryptedContentStoreContract,
  keyProviderContract,
  messageCipherContract,
  messageStoreContract,
  messageTransportContract,
  notificationChannelContract,
  notificationInboxContract,
  notificationLedgerContract,
  notificationPreferencesContract,
  recipientContactsContract,
  searchIndexContract,
  suppressionStoreContract,
  templateRendererContract,
  traceHolderContract,
} from './contracts/index.js';
export type {
  AnswerAbout,
  AttachmentStoreSubject,
  BatchTracesSubject,
  SearchSubject,
  CircuitBreakersSubject,
  CleanupStoreSubject,
  ContractRunner,
  ConversationStoreSubject,
  CreateSubject,
  DataKeyStoreSubject,
  DeletionSubject,
  DeliveryDispatchSubject,
  DeviceFeedSubject,
  MessageTransportSubject,
  NotificationChannelSubject,
  RecipientContactsSubject,
  TemplateRendererSubject,
  TraceAccess,
  TraceRecord,
} from './contracts/index.js';
export type { DrainedRun, DrainReport, RunOutcome } from './drain-report.js';
export type { Duration } from '../../kernel/time/duration.js';
export type { ExpectedJob } from './enqueued/expected-job.js';
export type { GroupUnderTest } from './group-under-test.js';
export { ManualCircuitBreakers } from './manual-circuit-breakers.js';
export { ManualClock } from '../../kernel/time/manual-clock.js';
export { MessageQueueTestKit } from './message-queue-test-kit.js';
export { MessageQueueTestingModule } from './message-queue-testing.module.js';
export type { MessageQueueTestingOptions } from './message-queue-testing.module.js';
export { recorded } from './recorded.js';
export type { Recorded } from './recorded.js';
