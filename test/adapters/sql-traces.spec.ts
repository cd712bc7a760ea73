import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conversationTerm } from '../../src/message-queue/adapters/shared/search/search-terms.js';
import * as sql from '../../src/message-queue/adapters/sql/index.js';
import { SqlDatabase } from '../../src/message-queue/adapters/sql/index.js';
import type { CleanupSelection } from '../../src/message-queue/ports/messages/cleanup-store.js';
import type { ErasureRecord } from '../../src/message-queue/ports/privacy/tombstone.js';
import type { TraceHolder, TraceTarget } from '../../src/message-queue/ports/privacy/trace-holder.js';
import { findInTables, tablesOf } from '../support/marker-look.js';
import { TestPostgres } from '../support/postgres-server.js';

/**
 * Whatever our tables hold of a conversation or a person is gone after its erasure. Nobody lists the tables: the catalog does, so that a
 * table which no trace holder knows of fails here.
 */

const never = new AbortController().signal;
const at = new Date(1_000);

/** Words that stand nowhere by chance. Each begins with another letter, so that no full-text index stores one as the end of another. */
const TEXT = 'wombat';
const PERSON = 'quokka';
const CONVERSATION = 'numbat';
const MESSAGE = 'bilby';
const BATCH = 'dunnart';
const KEY = 'mulgara';
const HASH = 'potoroo';

/** What must be gone: of whom, and what was said. */
const MARKERS = {
  conversation: [TEXT, CONVERSATION, BATCH, KEY, conversationTerm(CONVERSATION).slice(1)],
  subject: [TEXT, PERSON, BATCH],
};

/** Tables that are said to hold nothing of anybody, and why. */
const EMPTY: Readonly<Record<string, string>> = {
  mq_migrations: 'steps of the schema',
  mq_audit_head: 'number and MACs of the last entry',
  mq_search_words: 'terms of mq_search_documents, which it reads',
  mq_search_words_config: 'settings of FTS5',
  mq_search_words_idx: 'where pages of the index begin',
};

/** What stays of them for good, and why. */
const STAYS: Readonly<Record<string, string>> = {
  'mq_audit.target_hash': 'who did what to whom, as a keyed hash',
  'mq_data_keys.scope_hash': 'whose key it was, as a keyed hash; the key itself is gone',
  'mq_erasures.hash': 'what was erased, as a keyed hash',
  'mq_search_documents.message_id': 'that a message was removed, so that no late index job brings it back',
  'mq_tombstones.hash': 'that it was erased, as a keyed hash',
};

interface Stores {
  readonly holders: readonly TraceHolder[];
  readonly attachments: sql.SqlAttachmentStore;
  readonly cleanup: sql.SqlCleanupStore;
  readonly keys: sql.SqlDataKeyStore;
}

/** Everything that can be stored of one message of a person in a conversation, in every table. */
async function seed(database: SqlDatabase): Promise<Stores> {
  const messages = new sql.SqlMessageStore(database);
  const conversations = new sql.SqlConversationStore(database);
  const members = new sql.SqlConversationMembers(database);
  const batches = new sql.SqlBatchProgressStore(database);
  const contents = new sql.SqlEncryptedContentStore(database);
  const index = new sql.SqlSearchIndex(database);
  const devices = new sql.SqlDeviceTokenStore(database);
  const inbox = new sql.SqlNotificationInbox(database);
  const ledger = new sql.SqlNotificationLedger(database);
  const preferences = new sql.SqlNotificationPreferences(database);
  const contacts = new sql.SqlRecipientContacts(database);
  const suppressions = new sql.SqlSuppressionStore(database);
  const attachments = new sql.SqlAttachmentStore(database);
  const keys = new sql.SqlDataKeyStore(database);

  const ids = { messageId: MESSAGE, conversationId: CONVERSATION };
  const sent = {
    ...{ ...ids, senderId: PERSON, recipientId: PERSON, content: `A ${TEXT}`, encrypted: false },
    ...{
      attachments: [{ id: 'a1', fileName: TEXT, contentType: 'text/plain', sizeBytes: 1 }],
      batchId: BATCH,
      createdAt: at,
    },
  };
  await messages.save(sent, never);
  await messages.save({ ...sent, recipientId: 'ben' }, never);
  const failed = { messageId: MESSAGE, recipientId: PERSON, status: 'failed', at, reason: TEXT } as const;
  await messages.advanceStatus(failed, never);
  // Somebody else's, in another conversation: only the copy for the person goes.
  await messages.save(
    {
      ...{ ...sent, messageId: 'other', senderId: 'ben', conversationId: 'other', content: 'Hi' },
      ...{ attachments: [], batchId: null },
    },
    never,
  );
  await conversations.markDeleted(CONVERSATION, at);
  await members.add(CONVERSATION, [PERSON, 'ben']);
  await batches.save(
    {
      ...{ batchId: BATCH, segment: 0, chunksDone: 1, totalChunks: 1 },
      ...{ recipients: 1, sent: 1, failed: 0, skipped: 0, savedAt: at },
    },
    never,
  );
  const feed = new sql.SqlDeviceFeed(database);
  const device = { personId: PERSON, deviceId: 'd1' };
  const { position } = await feed.greet(device, null, at, never);
  const told = { ...ids, personId: PERSON, at };
  await feed.note({ ...told, kind: 'message', at: new Date(at.getTime() + 1) }, never);
  await feed.note({ ...told, kind: 'recall' }, never);
  await feed.acknowledge([{ ...device, position: position + 2 }], at, never);
  await feed.noteRead(device, MESSAGE, at, never);
  await messages.noteRecalled(
    [{ messageId: MESSAGE, conversationId: CONVERSATION, recipientId: PERSON, recalledAt: at }],
    never,
  );
  await contents.saveEncrypted(
    { ...ids, envelope: TEXT, keyId: 'k', algorithm: 'AES-256-GCM', version: 1, writtenAt: at },
    never,
  );
  await contents.saveDecrypted({ ...ids, content: TEXT, version: 1, writtenAt: at }, never);
  await index.indexMany(
    [{ ...ids, senderId: PERSON, content: `A ${TEXT}`, createdAt: at, version: 1 }],
    never,
  );
  await devices.register({ deviceId: 'd1', recipientId: PERSON, platform: 'fcm', token: PERSON });
  const noted = { notificationId: 'n1', title: PERSON, body: TEXT, ...ids, createdAt: at };
  await inbox.add({ ...noted, recipientId: 'ben' }, never);
  const own = {
    notificationId: 'n2',
    recipientId: PERSON,
    body: 'Welcome',
    messageId: null,
    conversationId: null,
  };
  await inbox.add({ ...noted, ...own }, never);
  await ledger.record(
    {
      ...{ notificationId: 'n1', target: PERSON, recipientId: PERSON, type: 'push', outcome: 'expired' },
      ...{ reason: PERSON, providerId: PERSON, at, ...ids },
    },
    never,
  );
  await preferences.save({ recipientId: PERSON, optedOut: [], quietHours: null });
  await suppressions.add({
    ...{ channel: 'email', destination: `${PERSON}@example.org`, recipientId: PERSON, reason: 'bounced' },
    ...{ detail: PERSON, at },
  });
  await contacts.save({ recipientId: PERSON, email: `${PERSON}@example.org`, phone: PERSON });
  await attachments.save({
    ...{ id: `${MESSAGE}-1`, messageId: MESSAGE, fileKey: TEXT, expiresAt: null, legalHold: false },
  });
  await keys.add({
    ...{ keyId: 'k1', scopeHash: HASH, generation: 1, wrapped: KEY, ringKeyId: 'r1', createdAt: at },
  });
  await new sql.SqlAuditTrail(database).append(
    {
      ...{ seq: 1, at, actor: 'admin', action: 'erase', phase: 'begun' },
      ...{ target: { kind: 'subject', hash: HASH }, queue: null, jobId: null, count: null, reason: null },
      ...{ keyId: 'key-1', previous: '', mac: 'mac' },
    },
    'seal',
  );
  const holders = [messages, conversations, members, batches, contents, index, devices, inbox, ledger];
  return {
    holders: [...holders, preferences, contacts, suppressions, feed],
    ...{ attachments, keys, cleanup: new sql.SqlCleanupStore(database) },
  };
}

function erasure(kind: 'conversation' | 'subject', fields: Partial<ErasureRecord> = {}): ErasureRecord {
  const targetId = kind === 'conversation' ? CONVERSATION : PERSON;
  return {
    ...{ receiptId: 'receipt-1', kind, hash: HASH, targetId, by: 'admin', reason: null, at },
    ...{ state: 'incomplete', holders: [], held: [{ conversationId: CONVERSATION, records: 1 }] },
    ...{ keysDestroyed: 0, keysDestroyedAt: null, recall: null, ...fields },
  };
}

async function eraseTarget({ holders, attachments }: Stores, target: TraceTarget): Promise<void> {
  const rows = await attachments.listOf(target, 500, never);
  await attachments.removeMany(
    rows.map(({ id }) => id),
    never,
  );
  for (const holder of holders) {
    while ((await holder.eraseTraces(target, 500, never)) > 0);
    expect(`${holder.holds}: ${await holder.countTraces(target, never)} left`).toBe(
      `${holder.holds}: 0 left`,
    );
  }
}

/** What an erasure does, in its order: tombstone and keys, messages with what is theirs, the rest, the record. */
async function erase(stores: Stores, kind: 'conversation' | 'subject'): Promise<void> {
  const { cleanup, keys } = stores;
  await keys.saveErasure(erasure(kind));
  await keys.destroy({ scopeHash: HASH, conversationId: CONVERSATION, at, receiptId: 'receipt-1' });
  const selection: CleanupSelection =
    kind === 'conversation'
      ? { kind, conversationId: CONVERSATION }
      : { kind: 'sender', senderId: PERSON, exceptConversations: [] };
  const messageIds = await cleanup.claim(selection, 500, never);
  await eraseTarget(stores, { kind: 'messages', messageIds });
  await cleanup.removeClaimed(messageIds, never);
  await eraseTarget(
    stores,
    kind === 'conversation'
      ? { kind, conversationId: CONVERSATION }
      : { kind, subjectId: PERSON, exceptConversations: [] },
  );
  await keys.saveErasure(erasure(kind, { state: 'done', targetId: null, held: [] }));
}

const directory = mkdtempSync(join(tmpdir(), 'mq-sql-traces-'));
let server: TestPostgres;
let files = 0;
let database: SqlDatabase;

beforeAll(async () => {
  server = await TestPostgres.start();
});
afterEach(() => database.close());
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe.each([
  ['SQLite', () => Promise.resolve(join(directory, `${(files += 1)}.db`))],
  ['PostgreSQL', () => server.createDatabase()],
])('the tables of %s', (_name, newDatabase) => {
  beforeEach(async () => {
    database = await SqlDatabase.open({ url: await newDatabase() });
  });

  it('are all looked into', async () => {
    const { keys } = await seed(database);
    await keys.saveErasure(erasure('subject'));
    await keys.addTombstone({ kind: 'subject', hash: HASH, at, receiptId: 'receipt-1' });
    const markers = [...MARKERS.conversation, ...MARKERS.subject, HASH];
    const found = new Set((await findInTables(database, markers)).map((place) => place.split('.')[0]));
    const unseen = (await tablesOf(database)).filter((table) => !found.has(table) && !(table in EMPTY));
    expect(unseen).toEqual([]);
  });

  it.each(['conversation', 'subject'] as const)(
    'hold nothing of an erased %s but what is written down here',
    async (kind) => {
      const stores = await seed(database);
      await erase(stores, kind);
      expect(await findInTables(database, MARKERS[kind])).toEqual([]);
      const staying = await findInTables(database, [HASH, MESSAGE]);
      expect(staying).toEqual(Object.keys(STAYS));
    },
  );

  it('are found out when one is added that no trace holder knows', async () => {
    const stores = await seed(database);
    await database.run('add a table', undefined, async (db) => {
      await database.sql`CREATE TABLE mq_drafts (id TEXT, draft TEXT)`.execute(db);
      await database.sql`INSERT INTO mq_drafts VALUES ('1', ${`Dear ${TEXT}`})`.execute(db);
    });
    await erase(stores, 'conversation');
    expect(await findInTables(database, MARKERS.conversation)).toEqual(['mq_drafts.draft']);
  });

  it('let go of an attachment that its own hold kept when its message went, once that hold has ended', async () => {
    const stores = await seed(database);
    const { attachments } = stores;
    const before = new Date(0);
    const holdOwn = (held: 0 | 1) =>
      database.run('hold', undefined, (db) =>
        db.updateTable('mq_attachments').set({ legal_hold: held }).execute(),
      );
    await holdOwn(1);
    await erase(stores, 'subject');
    expect(await attachments.countExpired(before, never)).toBe(0);
    await holdOwn(0);
    expect((await attachments.listExpired(before, 10, never)).map(({ id }) => id)).toEqual([`${MESSAGE}-1`]);
    expect(await attachments.countExpired(before, never)).toBe(1);
  });

  it('keep all of a conversation under legal hold, and the rest goes', async () => {
    const { holders, attachments, cleanup } = await seed(database);
    await new sql.SqlConversationStore(database).setLegalHold(CONVERSATION, true);
    const inConversation = [TEXT, CONVERSATION, MESSAGE, BATCH];
    const before = await findInTables(database, inConversation);
    const targets: TraceTarget[] = [
      { kind: 'conversation', conversationId: CONVERSATION },
      { kind: 'subject', subjectId: PERSON, exceptConversations: [] },
    ];
    for (const target of targets) {
      expect(await attachments.countOf(target, never)).toBe(0);
      expect(await attachments.listOf(target, 500, never)).toEqual([]);
      for (const holder of holders) await holder.eraseTraces(target, 500, never);
    }
    const sender = { kind: 'sender', senderId: PERSON, exceptConversations: [] } as const;
    expect(await cleanup.count(sender, never)).toBe(0);
    expect(await cleanup.claim(sender, 500, never)).toEqual([]);
    // Their own list, tokens, devices and address are nobody's conversation.
    expect(await findInTables(database, inConversation)).toEqual(
      before.filter((place) => place !== 'mq_device_receipts.message_id'),
    );
    expect(await findInTables(database, [PERSON])).toEqual([
      ...['mq_conversation_members.member_id', 'mq_device_entries.person_id'],
      ...['mq_message_recipients.recipient_id', 'mq_messages.sender_id'],
      ...['mq_notification_inbox.title', 'mq_notification_ledger.provider_id'],
      ...['mq_notification_ledger.reason', 'mq_notification_ledger.recipient_id'],
      ...['mq_notification_ledger.target', 'mq_recall_notices.recipient_id', 'mq_search_documents.sender_id'],
    ]);
  });
});

describe('the full-text index of SQLite', () => {
  it('forgets words in short steps, however large it is, and stays whole', async () => {
    files += 1;
    database = await SqlDatabase.open({ url: join(directory, `${files}.db`) });
    const index = new sql.SqlSearchIndex(database);
    const run = (statement: string): Promise<unknown> =>
      database.run('fill the index', undefined, (db) => database.sql.raw(statement).execute(db));
    // 20 000 documents of different words, of which a fifth are the person's: about 200 pages.
    for (let at = 0; at < 20; at += 1)
      await run(`INSERT INTO mq_search_documents
        (message_id, conversation_id, sender_id, created_at, version, removed, content, terms)
        SELECT 'm' || n, 'c1', CASE n % 5 WHEN 0 THEN '${PERSON}' ELSE 'ben' END, n, 1, 0, 'text',
          CASE n % 5 WHEN 0 THEN '${TEXT}' ELSE 'word' END || n || ' letter' || (n * 7919 % 20000)
        FROM (WITH RECURSIVE s(n) AS (SELECT ${at * 1_000} UNION ALL SELECT n + 1 FROM s WHERE n < ${at * 1_000 + 999})
          SELECT n FROM s)`);
    const target = { kind: 'subject', subjectId: PERSON, exceptConversations: [] } as const;
    expect(await index.eraseTraces(target, 10_000, never)).toBe(4_000);
    // Others have their turn between two steps.
    let [turns, isOver] = [0, false];
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    count();
    expect(await index.eraseTraces(target, 10_000, never)).toBe(0);
    isOver = true;
    expect(turns).toBeGreaterThan(1);
    expect(await findInTables(database, [TEXT, PERSON])).toEqual([]);
    await run(`INSERT INTO mq_search_words (mq_search_words) VALUES ('integrity-check')`);
    expect((await index.search('word', { limit: 500 })).nextCursor).not.toBeNull();
  });
});
