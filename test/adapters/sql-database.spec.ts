import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  SqlConversationStore,
  SqlDatabase,
  SqlAttachmentStore,
  SqlCleanupStore,
  SqlMessageStore,
  SqlStoreError,
  sqlStoreAdapters,
} from '../../src/message-queue/adapters/sql/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { SQL_MIGRATIONS } from '../../src/message-queue/adapters/sql/schema/sql-migrations.js';
import type { MessageForRecipient } from '../../src/message-queue/ports/messages/message-store.js';
import { MessageStore } from '../../src/message-queue/ports/messages/message-store.js';
import { RecipientContacts } from '../../src/message-queue/ports/notifications/recipient-contacts.js';
import { SearchIndex } from '../../src/message-queue/ports/search-index.js';
import { openedInRequest } from '../support/opened-in-request.js';
import { freePort } from '../support/redis-server.js';
import { TestPostgres } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const never = new AbortController().signal;
const MARKER = 'a-secret-that-must-not-leak';

function message(fields: Partial<MessageForRecipient> = {}): MessageForRecipient {
  return {
    ...{ messageId: 'm1', senderId: 'ana', recipientId: 'ben', conversationId: 'c1', content: 'text' },
    ...{ encrypted: false, attachments: [], batchId: null, createdAt: new Date(1_000), ...fields },
  };
}

const directory = mkdtempSync(join(tmpdir(), 'mq-sql-database-'));
const opened: SqlDatabase[] = [];
let server: TestPostgres;
let files = 0;

beforeAll(async () => {
  server = await TestPostgres.start();
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function open(url: string): Promise<SqlDatabase> {
  const database = await SqlDatabase.open({ url });
  opened.push(database);
  return database;
}

async function execute(database: SqlDatabase, ...statements: string[]): Promise<void> {
  const { sql } = database;
  for (const statement of statements)
    await database.run('test', undefined, (db) => sql.raw(statement).execute(db));
}

function newFile(): Promise<string> {
  files += 1;
  return Promise.resolve(join(directory, String(files), 'chat.db'));
}

describe.each([
  ['SQLite', newFile],
  ['PostgreSQL', () => server.createDatabase()],
])('a %s database', (name, newDatabase) => {
  it('is opened again without touching what is stored', async () => {
    const url = await newDatabase();
    const first = await open(url);
    await new SqlMessageStore(first).save(message(), never);
    await first.close();
    const again = new SqlMessageStore(await open(url));
    expect((await again.find('m1'))?.content).toBe('text');
  });

  it('is only checked with migrate: false', async () => {
    const url = await newDatabase();
    const checking = SqlDatabase.open({ url, migrate: false });
    await expect(checking).rejects.toMatchObject({ databaseCode: 'SCHEMA_TOO_OLD' });
    await expect(checking).rejects.toThrow(
      SQL_MIGRATIONS.map(({ version, name }) => `${version} (${name})`).join(', '),
    );
    await open(url);
    const database = await SqlDatabase.open({ url, migrate: false });
    opened.push(database);
    expect(await new SqlMessageStore(database).find('m1')).toBeNull();
  });

  it('keeps the schema as it was when a step fails', async () => {
    const url = await newDatabase();
    const database = await open(url);
    // As if an operator had made a table of step 2 by hand.
    await execute(database, 'DELETE FROM mq_migrations WHERE version >= 2', 'DROP TABLE mq_search_documents');
    await expect(SqlDatabase.open({ url })).rejects.toThrow(SqlStoreError);
    const { rows } = await database.run('read', undefined, (db) =>
      database.sql<{ version: number }>`SELECT version FROM mq_migrations`.execute(db),
    );
    expect(rows).toEqual([{ version: 1 }]);
  });

  it('stores a message and its copy together or not at all', async () => {
    const database = await open(await newDatabase());
    const store = new SqlMessageStore(database);
    await execute(database, 'ALTER TABLE mq_message_recipients RENAME TO away');
    await expect(store.save(message(), never)).rejects.toThrow('The SQL store could not save a message');
    await execute(database, 'ALTER TABLE away RENAME TO mq_message_recipients');
    expect(await store.find('m1')).toBeNull();
    expect(await store.save(message(), never)).toBe('saved');
  });

  it('never quotes a value in an error', async () => {
    const database = await open(await newDatabase());
    const refuse =
      name === 'SQLite'
        ? `CREATE TRIGGER refuse BEFORE INSERT ON mq_messages WHEN new.content <> '' BEGIN SELECT RAISE(ABORT, 'refused'); END`
        : `ALTER TABLE mq_messages ADD CHECK (content = '')`;
    await execute(database, refuse);
    const saving = new SqlMessageStore(database).save(message({ content: MARKER }), never);
    const error: unknown = await saving.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SqlStoreError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(MARKER);
    expect((error as SqlStoreError).databaseCode).toBe(
      name === 'SQLite' ? 'SQLITE_CONSTRAINT_TRIGGER' : '23514',
    );
  });

  it('keeps text that a database cannot hold as it is, readable', async () => {
    const store = new SqlMessageStore(await open(await newDatabase()));
    await store.save(message({ content: 'a\u0000b\uD800c😀' }), never);
    expect((await store.find('m1'))?.content).toBe('a\uFFFDb\uFFFDc😀');
  });

  it('shows again what a clean-up had claimed when a legal hold comes', async () => {
    const database = await open(await newDatabase());
    const messages = new SqlMessageStore(database);
    const cleanup = new SqlCleanupStore(database);
    const attachments = new SqlAttachmentStore(database);
    const selection = { kind: 'old_messages', before: new Date(5_000) } as const;
    await messages.save(message(), never);
    await messages.save(message({ messageId: 'm2', conversationId: 'c2' }), never);
    for (const messageId of ['m1', 'm2']) {
      const row = {
        id: `a-${messageId}`,
        messageId,
        fileKey: 'key',
        expiresAt: new Date(1),
        legalHold: false,
      };
      await attachments.save(row);
    }
    expect(await cleanup.claim(selection, 9, never)).toEqual(['m1', 'm2']);
    await new SqlConversationStore(database).setLegalHold('c1', true);
    expect(await messages.find('m1')).not.toBeNull();
    expect(await cleanup.claim(selection, 9, never)).toEqual(['m2']);
    expect(await cleanup.removeClaimed(['m1', 'm2'], never)).toBe(1);
    // The hold still reaches the attachment of a message that is gone.
    await new SqlConversationStore(database).setLegalHold('c2', true);
    expect(await attachments.countExpired(new Date(9), never)).toBe(0);
  });

  it('belongs to no request, whoever uses it first', async () => {
    const database = await open(await newDatabase());
    const store = new SqlMessageStore(database);
    const saved = (id: number): Promise<unknown> => store.save(message({ messageId: String(id) }), never);
    // More at once than there are connections: some are handed on.
    const opened = await openedInRequest(() => Promise.all(Array.from({ length: 15 }, (_, id) => saved(id))));
    expect(opened).toEqual([]);
  });

  it('closes twice, and refuses work after', async () => {
    const database = await open(await newDatabase());
    await database.close();
    await database.close();
    await expect(new SqlMessageStore(database).find('m1')).rejects.toThrow();
  });

  it('serves the ports through Nest, and closes after the phase in which queues drain', async () => {
    const url = await newDatabase();
    const outcomes: unknown[] = [];

    @Injectable()
    class Draining implements BeforeApplicationShutdown {
      constructor(
        readonly messages: MessageStore,
        readonly index: SearchIndex,
      ) {}

      async beforeApplicationShutdown(): Promise<void> {
        outcomes.push(await this.messages.save(message(), never));
      }
    }
    const module = await Test.createTestingModule({
      providers: [...sqlStoreAdapters({ url, except: [RecipientContacts] }), Draining],
    }).compile();
    const draining = module.get(Draining);
    expect((await draining.index.search('text')).items).toEqual([]);
    expect(() => module.get(RecipientContacts)).toThrow();
    await module.close();
    expect(outcomes).toEqual(['saved']);
    await expect(draining.messages.find('m1')).rejects.toThrow();
  });
});

describe('the options', () => {
  it('are refused all at once, without the address', async () => {
    const url = 'mysql://user:password@host/db';
    const opening = SqlDatabase.open({ url, maxConnections: 0, statementTimeoutMs: Number.NaN });
    await expect(opening).rejects.toThrow(InvalidConfigurationError);
    await expect(opening).rejects.toThrow(
      /url: must be .*\n.*maxConnections: .*got 0\n.*statementTimeoutMs: .*got NaN/,
    );
    await expect(opening).rejects.not.toThrow(/password/);
  });

  it.each(['file:', 'sqlite:', 'sqlite://', 'file://', ''])(
    'take "%s" before the path of a file',
    async (scheme) => {
      const file = await newFile();
      await open(scheme + file);
      expect(existsSync(file)).toBe(true);
    },
  );

  it.each(['new', 'readable by others before'])('keep a file to its owner that is %s', async (which) => {
    const file = await newFile();
    if (which !== 'new') {
      mkdirSync(dirname(file));
      writeFileSync(file, '');
      chmodSync(file, 0o666);
    }
    const umask = process.umask(0);
    try {
      const database = await open(file);
      await execute(database, 'CREATE TABLE notes (note TEXT)', "INSERT INTO notes VALUES ('hush')");
    } finally {
      process.umask(umask);
    }
    const modes = ['', '-wal', '-shm'].map((part) => (statSync(file + part).mode & 0o777).toString(8));
    expect(modes).toEqual(['600', '600', '600']);
  });
});

describe('a PostgreSQL that is not there', () => {
  it('is an error at start that says so and hides the password', async () => {
    const port = await freePort();
    const opening = SqlDatabase.open({ url: `postgres://user:hidden@127.0.0.1:${port}/chat` });
    const error: unknown = await opening.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SQL_STORE', databaseCode: 'ECONNREFUSED' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hidden');
  });

  it('does not hang a statement when the server falls silent', async () => {
    const proxy = await TcpProxy.start(server.port);
    try {
      const address = new URL(await server.createDatabase());
      address.port = String(proxy.port);
      const database = await SqlDatabase.open({ url: address.href, statementTimeoutMs: 200 });
      opened.push(database);
      const store = new SqlMessageStore(database);
      expect(await store.find('m1')).toBeNull();
      proxy.blackhole();
      await expect(store.find('m1')).rejects.toThrow('The SQL store could not find a message');
    } finally {
      await proxy.stop();
    }
  });
});
