import type { FactoryProvider, InjectionToken, Provider, Type } from '@nestjs/common';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import { BatchProgressStore } from '../../ports/messages/batch-progress-store.js';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import { ConversationMembers } from '../../ports/messages/conversation-members.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { DeviceFeed } from '../../ports/messages/device-feed.js';
import { DeviceTokenStore } from '../../ports/notifications/device-token-store.js';
import { EncryptedContentStore } from '../../ports/encryption/encrypted-content-store.js';
import { MessageStore } from '../../ports/messages/message-store.js';
import { NotificationInbox } from '../../ports/notifications/notification-inbox.js';
import { NotificationLedger } from '../../ports/notifications/notification-ledger.js';
import { NotificationPreferences } from '../../ports/notifications/notification-preferences.js';
import { RecipientContacts } from '../../ports/notifications/recipient-contacts.js';
import { AuditTrail } from '../../ports/privacy/audit-trail.js';
import { DataKeyStore } from '../../ports/privacy/data-key-store.js';
import { SearchIndex } from '../../ports/search-index.js';
import { SuppressionStore } from '../../ports/suppressions/suppression-store.js';
import { SqlAttachmentStore } from './contents/sql-attachment.store.js';
import { SqlAuditTrail } from './privacy/sql-audit.trail.js';
import { SqlBatchProgressStore } from './messages/sql-batch-progress.store.js';
import { SqlCleanupStore } from './messages/sql-cleanup.store.js';
import { SqlConversationMembers } from './messages/sql-conversation.members.js';
import { SqlConversationStore } from './messages/sql-conversation.store.js';
import { SqlDataKeyStore } from './privacy/sql-data-key.store.js';
import { SqlDatabase } from './database/sql-database.js';
import { SqlDeviceFeed } from './devices/sql-device.feed.js';
import { SqlDeviceTokenStore } from './notifications/sql-device-token.store.js';
import { SqlEncryptedContentStore } from './contents/sql-encrypted-content.store.js';
import { SqlMessageStore } from './messages/sql-message.store.js';
import { SqlNotificationInbox } from './notifications/sql-notification.inbox.js';
import { SqlNotificationLedger } from './notifications/sql-notification.ledger.js';
import { SqlNotificationPreferences } from './notifications/sql-notification.preferences.js';
import type { SqlStoreOptions } from './sql-options.js';
import { SqlRecipientContacts } from './notifications/sql-recipient.contacts.js';
import { SqlSearchIndex } from './search/sql-search.index.js';
import { SqlSuppressionStore } from './suppressions/sql-suppression.store.js';

type SqlStore = new (database: SqlDatabase) => object;

const STORES: readonly (readonly [port: InjectionToken, store: SqlStore])[] = [
  [AttachmentStore, SqlAttachmentStore],
  [AuditTrail, SqlAuditTrail],
  [BatchProgressStore, SqlBatchProgressStore],
  [CleanupStore, SqlCleanupStore],
  [ConversationMembers, SqlConversationMembers],
  [ConversationStore, SqlConversationStore],
  [DataKeyStore, SqlDataKeyStore],
  [DeviceFeed, SqlDeviceFeed],
  [DeviceTokenStore, SqlDeviceTokenStore],
  [EncryptedContentStore, SqlEncryptedContentStore],
  [MessageStore, SqlMessageStore],
  [NotificationInbox, SqlNotificationInbox],
  [NotificationLedger, SqlNotificationLedger],
  [NotificationPreferences, SqlNotificationPreferences],
  [RecipientContacts, SqlRecipientContacts],
  [SearchIndex, SqlSearchIndex],
  [SuppressionStore, SqlSuppressionStore],
];

/** Leaves ports to other adapters. */
export interface SqlStorePorts {
  /** Ports that this database does not serve, e.g. `[SearchIndex, RecipientContacts]`. Default none. */
  readonly except?: readonly (abstract new (...args: never[]) => object)[];
}

/** Options that a factory makes, for example from a ConfigService. */
export interface SqlStoreAsyncOptions extends SqlStorePorts {
  /** What the factory takes, in order; their modules go into the `imports` of the registration. */
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...injected: never[]) => SqlStoreOptions | Promise<SqlStoreOptions>;
}

/**
 * Adapters of all stores on one SQL database, for the module's `adapters`:
 *
 * ```ts
 * MessageQueueModule.forRoot({ adapters: [...sqlStoreAdapters({ url: 'file:data/chat.db' })] })
 * ```
 *
 * The data keys are among them, so that an add to a conversation that no process has sealed for lately asks the database first; `except:
 * [DataKeyStore]` derives keys from the ring instead, which asks nobody and can destroy nothing.
 *
 * The application starts when the schema is up to date, and the connection closes after the queues have drained.
 * @throws at start: MissingPackageError, InvalidConfigurationError, SqlStoreError
 */
export function sqlStoreAdapters(options: SqlStoreOptions & SqlStorePorts): Provider[] {
  const { except, ...database } = options;
  return sqlStoreAdaptersAsync({ except, useFactory: () => database });
}

/** The same with options that are known when the application starts. */
export function sqlStoreAdaptersAsync(options: SqlStoreAsyncOptions): Provider[] {
  const { except = [], inject = [], useFactory } = options;
  const makeOptions = useFactory as (...injected: unknown[]) => SqlStoreOptions | Promise<SqlStoreOptions>;
  return [
    {
      provide: SqlDatabase,
      useFactory: async (...injected: unknown[]) => SqlDatabase.open(await makeOptions(...injected)),
      inject: [...inject],
    },
    ...STORES.filter(([port]) => !except.some((left) => left === port)).map(([provide, Store]) => ({
      provide,
      useFactory: (opened: SqlDatabase) => new Store(opened),
      inject: [SqlDatabase as unknown as Type],
    })),
  ];
}
