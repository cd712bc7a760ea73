import type { AttachmentStore } from '../../src/message-queue/ports/attachments/attachment-store.js';
import type { BatchProgressStore } from '../../src/message-queue/ports/messages/batch-progress-store.js';
import type { CleanupStore } from '../../src/message-queue/ports/messages/cleanup-store.js';
import type { ConversationMembers } from '../../src/message-queue/ports/messages/conversation-members.js';
import type { ConversationStore } from '../../src/message-queue/ports/messages/conversation-store.js';
import type { DeviceFeed } from '../../src/message-queue/ports/messages/device-feed.js';
import type { DeviceTokenStore } from '../../src/message-queue/ports/notifications/device-token-store.js';
import type { EncryptedContentStore } from '../../src/message-queue/ports/encryption/encrypted-content-store.js';
import type { MessageStore } from '../../src/message-queue/ports/messages/message-store.js';
import type { NotificationInbox } from '../../src/message-queue/ports/notifications/notification-inbox.js';
import type { NotificationLedger } from '../../src/message-queue/ports/notifications/notification-ledger.js';
import type { NotificationPreferences } from '../../src/message-queue/ports/notifications/notification-preferences.js';
import type {
  RecipientContact,
  RecipientContacts,
} from '../../src/message-queue/ports/notifications/recipient-contacts.js';
import type { AuditTrail } from '../../src/message-queue/ports/privacy/audit-trail.js';
import type { DataKeyStore } from '../../src/message-queue/ports/privacy/data-key-store.js';
import type { SuppressionStore } from '../../src/message-queue/ports/suppressions/suppression-store.js';
import type { SearchIndex } from '../../src/message-queue/ports/search-index.js';
import * as contracts from '../../src/message-queue/testing/contracts/index.js';

/** One store of each kind; those that share data are made together. */
export interface Stores {
  readonly attachments: AttachmentStore;
  readonly audit: AuditTrail;
  readonly batches: BatchProgressStore;
  readonly cleanup: CleanupStore;
  readonly contacts: RecipientContacts;
  readonly contents: EncryptedContentStore;
  readonly conversations: ConversationStore;
  readonly members: ConversationMembers;
  readonly devices: DeviceTokenStore;
  readonly feed: DeviceFeed;
  readonly inbox: NotificationInbox;
  readonly index: SearchIndex;
  readonly keys: DataKeyStore;
  readonly ledger: NotificationLedger;
  readonly messages: MessageStore;
  readonly preferences: NotificationPreferences;
  readonly suppressions: SuppressionStore;
  put(contact: RecipientContact): void | Promise<void>;
}

/** Runs the contracts of all stores. @param create empty ones for each test */
export function runStoreContracts(create: () => Promise<Stores>): void {
  const one =
    <T>(pick: (stores: Stores) => T) =>
    async (): Promise<T> =>
      pick(await create());
  contracts.messageStoreContract(one((stores) => stores.messages));
  contracts.conversationStoreContract(create);
  contracts.conversationMembersContract(one((stores) => stores.members));
  contracts.cleanupStoreContract(create);
  contracts.deletionContract(create);
  contracts.attachmentStoreContract(create);
  contracts.encryptedContentStoreContract(one((stores) => stores.contents));
  contracts.deviceFeedContract(create);
  contracts.deviceTokenStoreContract(one((stores) => stores.devices));
  contracts.notificationInboxContract(one((stores) => stores.inbox));
  contracts.notificationLedgerContract(one((stores) => stores.ledger));
  contracts.notificationPreferencesContract(one((stores) => stores.preferences));
  contracts.recipientContactsContract(create);
  contracts.batchProgressStoreContract(one((stores) => stores.batches));
  contracts.batchTracesContract(create);
  contracts.searchIndexContract(create);
  contracts.dataKeyStoreContract(create);
  contracts.suppressionStoreContract(one((stores) => stores.suppressions));
  contracts.auditTrailContract(one((stores) => stores.audit));
}
