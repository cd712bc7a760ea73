import type { ClassProvider, Provider } from '@nestjs/common';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
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
import { SearchIndex } from '../../ports/search-index.js';
import { TemplateRenderer } from '../../ports/notifications/template-renderer.js';
import { RecordedMessages } from './recorded-messages.js';
import { RecordingAttachmentFiles } from './recording-attachment-files.js';
import { RecordingAttachmentStore } from './recording-attachment-store.js';
import { RecordingBatchProgressStore } from './recording-batch-progress-store.js';
import { RecordingCleanupStore } from './recording-cleanup-store.js';
import { RecordingConversationStore } from './recording-conversation-store.js';
import { RecordingDeviceTokenStore } from './recording-device-token-store.js';
import { RecordingEncryptedContentStore } from './recording-encrypted-content-store.js';
import { RecordingKeyProvider } from './recording-key-provider.js';
import { RecordingMessageStore } from './recording-message-store.js';
import { RecordingMessageTransport } from './recording-message-transport.js';
import {
  RecordingEmailChannel,
  RecordingInAppChannel,
  RecordingPushChannel,
  RecordingSmsChannel,
} from './recording-notification-channels.js';
import { RecordingNotificationInbox } from './recording-notification-inbox.js';
import { RecordingNotificationLedger } from './recording-notification-ledger.js';
import { RecordingNotificationPreferences } from './recording-notification-preferences.js';
import { RecordingRecipientContacts } from './recording-recipient-contacts.js';
import { RecordingSearchIndex } from './recording-search-index.js';
import { RecordingTemplateRenderer } from './recording-template-renderer.js';

/** One recording adapter per port; DeliveryDispatch is the module's own, MessageCipher node:crypto's. */
export const RECORDING_ADAPTERS: readonly ClassProvider[] = [
  { provide: MessageTransport, useClass: RecordingMessageTransport },
  { provide: MessageStore, useClass: RecordingMessageStore },
  { provide: ConversationStore, useClass: RecordingConversationStore },
  { provide: CleanupStore, useClass: RecordingCleanupStore },
  { provide: AttachmentStore, useClass: RecordingAttachmentStore },
  { provide: AttachmentFiles, useClass: RecordingAttachmentFiles },
  { provide: EncryptedContentStore, useClass: RecordingEncryptedContentStore },
  { provide: KeyProvider, useClass: RecordingKeyProvider },
  { provide: PushChannel, useClass: RecordingPushChannel },
  { provide: EmailChannel, useClass: RecordingEmailChannel },
  { provide: SmsChannel, useClass: RecordingSmsChannel },
  { provide: InAppChannel, useClass: RecordingInAppChannel },
  { provide: DeviceTokenStore, useClass: RecordingDeviceTokenStore },
  { provide: NotificationInbox, useClass: RecordingNotificationInbox },
  { provide: NotificationLedger, useClass: RecordingNotificationLedger },
  { provide: NotificationPreferences, useClass: RecordingNotificationPreferences },
  { provide: RecipientContacts, useClass: RecordingRecipientContacts },
  { provide: TemplateRenderer, useClass: RecordingTemplateRenderer },
  { provide: SearchIndex, useClass: RecordingSearchIndex },
  { provide: BatchProgressStore, useClass: RecordingBatchProgressStore },
];

/** What the recording adapters share; a provider beside them. */
export const RECORDING_ADAPTER_PARTS: readonly Provider[] = [RecordedMessages];
