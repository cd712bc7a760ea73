/** nestjs-message-queue/ports: what processors need from the outside. A host's adapters implement these. */

// Messages and their delivery
export { ConversationMembers } from './messages/conversation-members.js';
export { ConversationStore, isDeletedWith } from './messages/conversation-store.js';
export type { ConversationState } from './messages/conversation-store.js';
export { DeliveryDispatch } from './messages/delivery-dispatch.js';
export type { DispatchedMessage, DispatchOutcome } from './messages/delivery-dispatch.js';
export { DeviceFeed, FeedKind, isFeedKind, MOST_DEVICES } from './messages/device-feed.js';
export type {
  DeviceGreeting,
  DeviceId,
  DevicePosition,
  DeviceReceipt,
  FeedEntry,
  FeedNote,
  FeedPage,
  FeedPlace,
  KnownDevice,
} from './messages/device-feed.js';
export { advancesStatus, DeliveryStatus, isDeliveryStatus } from './messages/delivery-status.js';
export {
  hadMessage,
  MessageIdTakenError,
  MessageStore,
  UnknownMessageError,
} from './messages/message-store.js';
export type {
  BatchStatusCounts,
  ConversationShare,
  MessageForRecipient,
  MessageToSave,
  RecallNotice,
  RecipientStatus,
  StatusChange,
  StatusOutcome,
  StoredMessage,
} from './messages/message-store.js';
export { MessageTransport } from './messages/message-transport.js';
export type {
  RecallAnnouncement,
  StatusAnnouncement,
  TransportMessage,
  TransportOutcome,
  TransportReceipt,
} from './messages/message-transport.js';

export { claimedTime, stepTime } from './messages/claimed-time.js';

// Notifications
export { checkDevice, InvalidDeviceError } from './notifications/device-check.js';
export { DeviceTokenStore, MAX_DEVICES_PER_RECIPIENT } from './notifications/device-token-store.js';
export type { DevicePlatform, DeviceToken } from './notifications/device-token-store.js';
export {
  EmailChannel,
  InAppChannel,
  NotificationChannel,
  NotificationSendError,
  PushChannel,
  SmsChannel,
} from './notifications/notification-channel.js';
export type {
  ChannelOutcome,
  ChannelReceipt,
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
  PushDetails,
} from './notifications/notification-channel.js';
// Thrown by any adapter whose service takes no more for now
export { RateLimited } from '../jobs/errors.js';
export { NotificationInbox } from './notifications/notification-inbox.js';
export type { InboxEntry } from './notifications/notification-inbox.js';
export { NotificationLedger, overtakenReports } from './notifications/notification-ledger.js';
export type {
  NotificationLedgerEntry,
  NotificationOutcome,
  NotificationReport,
} from './notifications/notification-ledger.js';
export { NotificationPreferences } from './notifications/notification-preferences.js';
export type { QuietHours, RecipientPreferences } from './notifications/notification-preferences.js';
export { isNotificationType } from './notifications/notification-type.js';
export { RecipientContacts } from './notifications/recipient-contacts.js';
export type { RecipientContact } from './notifications/recipient-contacts.js';
export {
  MissingTemplateVariablesError,
  TemplateLimitError,
  TemplateRenderer,
  UnknownTemplateError,
} from './notifications/template-renderer.js';
export type { RenderedTemplate, TemplateItem, TemplateVariables } from './notifications/template-renderer.js';

// Search
export { SearchIndex } from './search-index.js';
export type {
  HighlightSegment,
  IndexOutcome,
  SearchDocument,
  SearchHit,
  SearchOptions,
} from './search-index.js';

// Encryption
export { EncryptedContentStore } from './encryption/encrypted-content-store.js';
export type { DecryptedContent, EncryptedContent } from './encryption/encrypted-content-store.js';
export { EncryptionAlgorithm, isEncryptionAlgorithm } from './encryption/encryption-algorithm.js';
export {
  MalformedEnvelopeError,
  TamperedContentError,
  UnknownAlgorithmError,
  UnknownKeyError,
  WrongKeyError,
} from './encryption/encryption-errors.js';
export { KeyProvider } from './encryption/key-provider.js';
export type { EncryptionKey } from './encryption/key-provider.js';
export { MessageCipher } from './encryption/message-cipher.js';
export type { OpenedContent, OpenRequest, SealedContent, SealRequest } from './encryption/message-cipher.js';

// Privacy: data keys, traces, tombstones, the audit
export { DataKeyStore } from './privacy/data-key-store.js';
export type {
  DataKeyRecord,
  DestroyOutcome,
  DestroyRequest,
  NewDataKey,
  WrappedCount,
} from './privacy/data-key-store.js';
export { ErasedKind, ErasureState, isErasedKind, isErasureState } from './privacy/tombstone.js';
export type {
  ErasedRecords,
  ErasureRecord,
  HeldRecords,
  RecallFigures,
  Tombstone,
} from './privacy/tombstone.js';
export { ErasureRunner } from './privacy/erasure-runner.js';
export type { ErasureProgress } from './privacy/erasure-runner.js';
export { TraceHolder } from './privacy/trace-holder.js';
export { ErasedError } from '../jobs/errors.js';
export type { TraceTarget } from './privacy/trace-holder.js';
export { AuditAction, AuditPhase, AuditTrail, isAuditAction, isAuditPhase } from './privacy/audit-trail.js';
export type { AuditExtent, AuditHead, AuditQuery, AuditRecord, AuditTarget } from './privacy/audit-trail.js';

// What adapters seal with what they send to other processes; the library provides it
export { PublicationSeal } from './privacy/publication-seal.js';
export type { Publication, Unopened, UnopenedPublications } from './privacy/publication-seal.js';

// Batches
export { BatchIdTakenError, BatchProgressStore } from './messages/batch-progress-store.js';
export type { BatchOrigin, BatchProgress, BatchSummary } from './messages/batch-progress-store.js';

// Attachments and clean-up
export { AttachmentFiles } from './attachments/attachment-files.js';
export type { AttachmentReference } from './attachments/attachment-reference.js';
export { ResistingFilesError } from './attachments/attachment-removal.js';
export {
  AttachmentIdTakenError,
  AttachmentStore,
  FileBeingRemovedError,
} from './attachments/attachment-store.js';
export type { RemovalClaim, StoredAttachment } from './attachments/attachment-store.js';
export { CleanupStore } from './messages/cleanup-store.js';
export type { AgedMessages, CleanupSelection } from './messages/cleanup-store.js';

// Circuit breakers
export { CircuitBreakers } from './circuit-breakers.js';
export type { BreakerCall, BreakerStatus } from './circuit-breakers.js';
export type { BreakerState } from '../jobs/events/job-events.js';

// Notifications that wait for others
export { DigestDispatch } from './notifications/digest-dispatch.js';
export type { DigestItem } from './notifications/digest-dispatch.js';

// What an answer of a destination is about
export { ChannelSettingsError, DEFAULT_PATIENCE_MS, DestinationBusyError } from './destination-errors.js';
export {
  isSuppressionChannel,
  isSuppressionReason,
  SuppressionChannel,
  SuppressionReason,
  WISHED_SUPPRESSIONS,
} from './suppressions/suppression.js';
export type { Suppression } from './suppressions/suppression.js';
export { SuppressionStore } from './suppressions/suppression-store.js';
export type { SuppressionFilter, SuppressionLifting } from './suppressions/suppression-store.js';
export { InvalidSuppressionError, Suppressions } from './suppressions/suppressions.js';
export type { LiftCall, NewSuppression } from './suppressions/suppressions.js';
export {
  DeliveryReportOutcome,
  DeliveryReports,
  InvalidDeliveryReportError,
  isDeliveryReportOutcome,
} from './notifications/delivery-report.js';
export type { DeliveryReport } from './notifications/delivery-report.js';

// Pages of a list
export { InvalidCursorError } from './page.js';
export type { Page, PageRequest } from './page.js';

// Time, as adapters should read it
export { Clock, SystemClock } from '../../kernel/time/clock.js';
export type { ClockTimer } from '../../kernel/time/clock.js';

// Alerts
export { AlertSink } from './alerts/alert-sink.js';
export type { AlertNotice } from '../jobs/events/alert-notice.js';
