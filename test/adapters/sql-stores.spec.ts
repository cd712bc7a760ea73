import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as recording from '../../src/message-queue/adapters/recording/index.js';
import * as sql from '../../src/message-queue/adapters/sql/index.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import type { AttachmentStore } from '../../src/message-queue/ports/attachments/attachment-store.js';
import type { BatchProgressStore } from '../../src/message-queue/ports/messages/batch-progress-store.js';
import type { CleanupStore } from '../../src/message-queue/ports/messages/cleanup-store.js';
import type { ConversationStore } from '../../src/message-queue/ports/messages/conversation-store.js';
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
import type { SearchIndex } from '../../src/message-queue/ports/search-index.js';
import * as contracts from '../../src/message-queue/testing/contracts/index.js';
import { TestPostgres } from '../support/postgres-server.js';

interface Stores {
  readonly attachments: AttachmentStore;
  readonly batches: BatchProgressStore;
  readonly cleanup: CleanupStore;
  readonly contacts: RecipientContacts;
  readonly contents: EncryptedContentStore;
  readonly conversations: ConversationStore;
  readonly devices: DeviceTokenStore;
  readonly inbox: NotificationInbox;
  readonly index: SearchIndex;
  readonly ledger: NotificationLedger;
  readonly messages: MessageStore;
  readonly preferences: NotificationPreferences;
  put(contact: RecipientContact): void | Promise<void>;
}

function runContracts(create: () => Promise<Stores>): void {
  const one =
    <T>(pick: (stores: Stores) => T) =>
    async (): Promise<T> =>
      pick(await create());
  contracts.messageStoreContract(one((stores) => stores.messages));
  contracts.conversationStoreContract(create);
  contracts.cleanupStoreContract(create);
  contracts.attachmentStoreContract(create);
  contracts.encryptedContentStoreContract(one((stores) => stores.contents));
  contracts.deviceTokenStoreContract(one((stores) => stores.devices));
  contracts.notificationInboxContract(one((stores) => stores.inbox));
  contracts.notificationLedgerContract(one((stores) => stores.ledger));
  contracts.notificationPreferencesContract(one((stores) => stores.preferences));
  contracts.recipientContactsContract(create);
  contracts.batchProgressStoreContract(one((stores) => stores.batches));
  contracts.searchIndexContract(one((stores) => stores.index));
}

function sqlStores(database: SqlDatabase): Stores {
  const contacts = new sql.SqlRecipientContacts(database);
  return {
    attachments: new sql.SqlAttachmentStore(database),
    batches: new sql.SqlBatchProgressStore(database),
    cleanup: new sql.SqlCleanupStore(database),
    contacts,
    contents: new sql.SqlEncryptedContentStore(database),
    conversations: new sql.SqlConversationStore(database),
    devices: new sql.SqlDeviceTokenStore(database),
    inbox: new sql.SqlNotificationInbox(database),
    index: new sql.SqlSearchIndex(database),
    ledger: new sql.SqlNotificationLedger(database),
    messages: new sql.SqlMessageStore(database),
    preferences: new sql.SqlNotificationPreferences(database),
    put: (contact) => contacts.save(contact),
  };
}

describe('the recording stores', () => {
  runContracts(async () => {
    const data = new recording.RecordedMessages();
    const contacts = new recording.RecordingRecipientContacts();
    return {
      attachments: new recording.RecordingAttachmentStore(data),
      batches: new recording.RecordingBatchProgressStore(),
      cleanup: new recording.RecordingCleanupStore(data),
      contacts,
      contents: new recording.RecordingEncryptedContentStore(),
      conversations: new recording.RecordingConversationStore(data),
      devices: new recording.RecordingDeviceTokenStore(),
      inbox: new recording.RecordingNotificationInbox(),
      index: new recording.RecordingSearchIndex(),
      ledger: new recording.RecordingNotificationLedger(),
      messages: new recording.RecordingMessageStore(data),
      preferences: new recording.RecordingNotificationPreferences(),
      put: (contact) => contacts.setContact(contact),
    };
  });
});

describe('the stores in a SQLite file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-sqlite-'));
  const opened: SqlDatabase[] = [];
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  let files = 0;
  runContracts(async () => {
    files += 1;
    const database = await SqlDatabase.open({ url: join(directory, `${files}.db`) });
    opened.push(database);
    return sqlStores(database);
  });
});

describe('the stores in PostgreSQL', () => {
  let server: TestPostgres;
  let database: SqlDatabase;
  let url: string;
  beforeAll(async () => {
    server = await TestPostgres.start();
    url = await server.createDatabase();
    database = await SqlDatabase.open({ url });
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });

  runContracts(async () => {
    await server.emptyTables(url);
    return sqlStores(database);
  });
});
