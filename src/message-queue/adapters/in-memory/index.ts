export { IN_MEMORY_LIMITS, InMemoryStoreFullError } from './bounded-map.js';
export type { InMemoryLimits } from './bounded-map.js';
export { IN_MEMORY_ADAPTERS, IN_MEMORY_ADAPTER_PARTS } from './in-memory-adapters.js';
export { InMemoryAttachmentFiles } from './attachments/in-memory-attachment.files.js';
export { InMemoryAttachmentStore } from './attachments/in-memory-attachment.store.js';
export { InMemoryEncryptedContentStore } from './encryption/in-memory-encrypted-content.store.js';
export { InMemoryKeyProvider, PUBLISHED_KEY_ID } from './encryption/in-memory-key.provider.js';
export { InMemoryBatchProgressStore } from './messages/in-memory-batch-progress.store.js';
export { InMemoryCleanupStore } from './messages/in-memory-cleanup.store.js';
export { InMemoryConversationMembers } from './messages/in-memory-conversation.members.js';
export { InMemoryConversationStore } from './messages/in-memory-conversation.store.js';
export { InMemoryDeviceFeed } from './messages/in-memory-device.feed.js';
export { InMemoryMessageStore } from './messages/in-memory-message.store.js';
export { InMemoryMessageTransport } from './messages/in-memory-message.transport.js';
export { InMemoryMessages } from './messages/in-memory-messages.js';
export {
  ChannelOutbox,
  InMemoryEmailChannel,
  InMemoryInAppChannel,
  InMemoryPushChannel,
  InMemorySmsChannel,
} from './notifications/in-memory-channels.js';
export { InMemoryDeviceTokenStore } from './notifications/in-memory-device-token.store.js';
export { InMemoryNotificationInbox } from './notifications/in-memory-notification.inbox.js';
export { InMemoryNotificationLedger } from './notifications/in-memory-notification.ledger.js';
export { InMemoryNotificationPreferences } from './notifications/in-memory-notification.preferences.js';
export { InMemoryRecipientContacts } from './notifications/in-memory-recipient.contacts.js';
export { InMemoryTemplateRenderer } from './notifications/in-memory-template.renderer.js';
export type { TemplateSource } from './notifications/in-memory-template.renderer.js';
export { InMemoryAuditTrail } from './privacy/in-memory-audit.trail.js';
export { InMemoryDataKeyStore } from './privacy/in-memory-data-key.store.js';
export { InMemorySearchIndex } from './search/in-memory-search.index.js';
export { InMemorySuppressionStore } from './suppressions/in-memory-suppression.store.js';
