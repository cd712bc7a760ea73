import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sql from '../../src/message-queue/adapters/sql/index.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import { runStoreContracts } from './store-contracts.fixture.js';
import type { Stores } from './store-contracts.fixture.js';
import { emptyTables } from '../support/empty-tables.js';
import { TestPostgres } from '../support/postgres-server.js';

function sqlStores(database: SqlDatabase): Stores {
  const contacts = new sql.SqlRecipientContacts(database);
  return {
    attachments: new sql.SqlAttachmentStore(database),
    audit: new sql.SqlAuditTrail(database),
    batches: new sql.SqlBatchProgressStore(database),
    cleanup: new sql.SqlCleanupStore(database),
    contacts,
    contents: new sql.SqlEncryptedContentStore(database),
    conversations: new sql.SqlConversationStore(database),
    devices: new sql.SqlDeviceTokenStore(database),
    feed: new sql.SqlDeviceFeed(database),
    inbox: new sql.SqlNotificationInbox(database),
    index: new sql.SqlSearchIndex(database),
    keys: new sql.SqlDataKeyStore(database),
    ledger: new sql.SqlNotificationLedger(database),
    members: new sql.SqlConversationMembers(database),
    messages: new sql.SqlMessageStore(database),
    preferences: new sql.SqlNotificationPreferences(database),
    suppressions: new sql.SqlSuppressionStore(database),
    put: (contact) => contacts.save(contact),
  };
}

describe('the stores in a SQLite file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-sqlite-'));
  const opened: SqlDatabase[] = [];
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  let files = 0;
  runStoreContracts(async () => {
    files += 1;
    const database = await SqlDatabase.open({ url: join(directory, `${files}.db`) });
    opened.push(database);
    return sqlStores(database);
  });
});

describe('the stores in PostgreSQL', () => {
  let server: TestPostgres;
  let database: SqlDatabase;
  beforeAll(async () => {
    server = await TestPostgres.start();
    database = await SqlDatabase.open({ url: await server.createDatabase() });
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });

  runStoreContracts(async () => {
    await emptyTables(database);
    return sqlStores(database);
  });
});
