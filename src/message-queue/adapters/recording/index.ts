export { CallRecorder } from './call-recorder.js';
export type { Fault, RecordedCall } from './call-recorder.js';
export { RecordedMessages } from './recorded-messages.js';
export { RECORDING_ADAPTERS, RECORDING_ADAPTER_PARTS } from './recording-adapters.js';
export { RecordingAttachmentFiles } from './recording-attachment-files.js';
export { RecordingAttachmentStore } from './recording-attachment-store.js';
export { RecordingBatchProgressStore } from './recording-batch-progress-store.js';
export { RecordingCircuitBreakers } from './recording-circuit-breakers.js';
export { RecordingCleanupStore } from './recording-cleanup-store.js';
export { RecordingConversationStore } from './recording-conversation-store.js';
export { RecordingDeliveryDispatch } from './recording-delivery-dispatch.js';
export { RecordingDeviceTokenStore } from './recording-device-token-store.js';
export { RecordingEncryptedContentStore } from './recording-encrypted-content-store.js';
export { RecordingKeyProvider } from './recording-key-provider.js';
export { RecordingMessageStore } from './recording-message-store.js';
export { RecordingMessageTransport } from './recording-message-transport.js';
export {
  ChannelRecord,
  RecordingEmailChannel,
  RecordingInAppChannel,
  RecordingPushChannel,
  RecordingSmsChannel,
} from './recording-notification-channels.js';
export { RecordingNotificationInbox } from './recording-notification-inbox.js';
export { RecordingNotificationLedger } from './recording-notification-ledger.js';
export { RecordingNotificationPreferences } from './recording-notification-preferences.js';
export { RecordingRecipientContacts } from './recording-recipient-contacts.js';
export { RecordingSearchIndex } from './recording-search-index.js';
export { RecordingTemplateRenderer } from './recording-template-renderer.js';
export type { TemplateSource } from './recording-template-renderer.js';
