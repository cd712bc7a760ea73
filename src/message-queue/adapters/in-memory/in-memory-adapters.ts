import type { ClassProvider, Provider } from '@nestjs/common';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import { ConversationMembers } from '../../ports/messages/conversation-members.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { DeviceFeed } from '../../ports/messages/device-feed.js';
import { DeviceTokenStore } from '../../ports/notifications/device-token-store.js';
import { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import { MessageStore } from '../../ports/messages/message-store.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import {
  EmailChannel,
  InAppChannel,
  PushChannel,
  SmsChannel,
} from '../../ports/notifications/notification-channel.js';
import { NotificationInbox } from '../../ports/notifications/notification-inbox.js';
import { NotificationLedger } from '../../ports/notifications/notification-ledger.js';
import { NotificationPreferences } from '../../ports/notifications/notification-preferences.js';
import { RecipientContacts } from '../../ports/notifications/recipient-contacts.js';
import { AuditTrail } from '../../ports/privacy/audit-trail.js';
import { SearchIndex } from '../../ports/search-index.js';
import { TemplateRenderer } from '../../ports/notifications/template-renderer.js';
import { SuppressionStore } from '../../ports/suppressions/suppression-store.js';
import { InMemoryMessages } from './messages/in-memory-messages.js';
import { InMemoryAttachmentFiles } from './attachments/in-memory-attachment.files.js';
import { InMemoryAttachmentStore } from './attachments/in-memory-attachment.store.js';
import { InMemoryBatchProgressStore } from './messages/in-memory-batch-progress.store.js';
import { InMemoryCleanupStore } from './messages/in-memory-cleanup.store.js';
import { InMemoryConversationMembers } from './messages/in-memory-conversation.members.js';
import { InMemoryConversationStore } from './messages/in-memory-conversation.store.js';
import { InMemoryDeviceFeed } from './messages/in-memory-device.feed.js';
import { InMemoryDeviceTokenStore } from './notifications/in-memory-device-token.store.js';
import { InMemoryEncryptedContentStore } from './encryption/in-memory-encrypted-content.store.js';
import { InMemoryKeyProvider } from './encryption/in-memory-key.provider.js';
import { InMemoryMessageStore } from './messages/in-memory-message.store.js';
import { InMemoryMessageTransport } from './messages/in-memory-message.transport.js';
import {
  InMemoryEmailChannel,
  InMemoryInAppChannel,
  InMemoryPushChannel,
  InMemorySmsChannel,
} from './notifications/in-memory-channels.js';
import { InMemoryNotificationInbox } from './notifications/in-memory-notification.inbox.js';
import { InMemoryNotificationLedger } from './notifications/in-memory-notification.ledger.js';
import { InMemoryNotificationPreferences } from './notifications/in-memory-notification.preferences.js';
import { InMemoryRecipientContacts } from './notifications/in-memory-recipient.contacts.js';
import { InMemoryAuditTrail } from './privacy/in-memory-audit.trail.js';
import { InMemorySearchIndex } from './search/in-memory-search.index.js';
import { InMemorySuppressionStore } from './suppressions/in-memory-suppression.store.js';
import { InMemoryTemplateRenderer } from './notifications/in-memory-template.renderer.js';

/** What serves a port until a host plugs in an adapter; DeliveryDispatch is the module's own, MessageCipher node:crypto's. */
export const IN_MEMORY_ADAPTERS: readonly ClassProvider[] = [
  { provide: MessageTransport, useClass: InMemoryMessageTransport },
  { provide: MessageStore, useClass: InMemoryMessageStore },
  { provide: DeviceFeed, useClass: InMemoryDeviceFeed },
  { provide: ConversationStore, useClass: InMemoryConversationStore },
  { provide: ConversationMembers, useClass: InMemoryConversationMembers },
  { provide: CleanupStore, useClass: InMemoryCleanupStore },
  { provide: AttachmentStore, useClass: InMemoryAttachmentStore },
  { provide: AttachmentFiles, useClass: InMemoryAttachmentFiles },
  { provide: EncryptedContentStore, useClass: InMemoryEncryptedContentStore },
  { provide: KeyProvider, useClass: InMemoryKeyProvider },
  { provide: PushChannel, useClass: InMemoryPushChannel },
  { provide: EmailChannel, useClass: InMemoryEmailChannel },
  { provide: SmsChannel, useClass: InMemorySmsChannel },
  { provide: InAppChannel, useClass: InMemoryInAppChannel },
  { provide: DeviceTokenStore, useClass: InMemoryDeviceTokenStore },
  { provide: NotificationInbox, useClass: InMemoryNotificationInbox },
  { provide: NotificationLedger, useClass: InMemoryNotificationLedger },
  { provide: NotificationPreferences, useClass: InMemoryNotificationPreferences },
  { provide: RecipientContacts, useClass: InMemoryRecipientContacts },
  { provide: TemplateRenderer, useClass: InMemoryTemplateRenderer },
  { provide: SearchIndex, useClass: InMemorySearchIndex },
  { provide: BatchProgressStore, useClass: InMemoryBatchProgressStore },
  { provide: SuppressionStore, useClass: InMemorySuppressionStore },
  { provide: AuditTrail, useClass: InMemoryAuditTrail },
];

/** What the in-memory adapters share; a provider beside them. */
export const IN_MEMORY_ADAPTER_PARTS: readonly Provider[] = [InMemoryMessages];
