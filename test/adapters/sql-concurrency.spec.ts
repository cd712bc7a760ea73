import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  SqlAttachmentStore,
  SqlCleanupStore,
  SqlConversationStore,
  SqlDatabase,
  SqlDeviceTokenStore,
  SqlMessageStore,
  SqlSearchIndex,
} from '../../src/message-queue/adapters/sql/index.js';
import { SQL_MIGRATIONS } from '../../src/message-queue/adapters/sql/schema/sql-migrations.js';
import type { MessageForRecipient } from '../../src/message-queue/ports/messages/message-store.js';
import { FileBeingRemovedError } from '../../src/message-queue/ports/attachments/attachment-store.js';
import { TestPostgres } from '../support/postgres-server.js';
import { waitUntil } from '../support/wait-until.js';

const never = new AbortController().signal;
const VERSIONS = SQL_MIGRATIONS.map(({ version }) => version);
const STEPS = ['sent', 'delivered', 'read'] as const;

function message(messageId: string, fields: Partial<MessageForRecipient> = {}): MessageForRecipient {
  return {
    ...{
      messageId,
      senderId: 'ana',
      recipientId: 'ben',
      conversationId: 'c1',
      content: 'text',
      encrypted: false,
    },
    ...{ attachments: [], batchId: null, createdAt: new Date(1_000), ...fields },
  };
}

const directory = mkdtempSync(join(tmpdir(), 'mq-sql-concurrency-'));
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

function newFile(): Promise<string> {
  files += 1;
  return Promise.resolve(join(directory, `${files}.db`));
}

describe.each([
  ['SQLite', newFile],
  ['PostgreSQL', () => server.createDatabase()],
])('connections to one %s database', (_name, newDatabase) => {
  it('migrate once when they start at the same time', async () => {
    const url = await newDatabase();
    const databases = await Promise.all([open(url), open(url), open(url), open(url)]);
    const [first] = databases;
    const steps = await first.run('read', undefined, (db) =>
      db.selectFrom('mq_migrations').selectAll().execute(),
    );
    expect(steps.map((step) => step.version)).toEqual(VERSIONS);
    for (const database of databases) expect(await new SqlMessageStore(database).find('none')).toBeNull();
  });

  it('migrate once when their processes start at the same time', async () => {
    const url = await newDatabase();
    const starters = Array.from({ length: 5 }, () =>
      fork(join(__dirname, 'sql-starter.cjs'), [url], { execArgv: [] }),
    );
    try {
      await Promise.all(starters.map((starter) => once(starter, 'message')));
      const answers = starters.map((starter) =>
        Promise.race([once(starter, 'message'), once(starter, 'exit')]),
      );
      for (const starter of starters) starter.send('open');
      for (const answer of await Promise.all(answers)) expect(answer[0]).toEqual(VERSIONS);
    } finally {
      for (const starter of starters) starter.kill('SIGKILL');
    }
  });

  it('store each of the same messages once', async () => {
    const url = await newDatabase();
    const stores = [new SqlMessageStore(await open(url)), new SqlMessageStore(await open(url))];
    const ids = Array.from({ length: 30 }, (_, index) => `m${index}`);
    const outcomes = await Promise.all(
      stores.flatMap((store) => ids.map((id) => store.save(message(id), never))),
    );
    expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(30);
  });

  it('advance each status once', async () => {
    const url = await newDatabase();
    const stores = [new SqlMessageStore(await open(url)), new SqlMessageStore(await open(url))];
    const ids = Array.from({ length: 10 }, (_, index) => `m${index}`);
    for (const id of ids) await stores[0]!.save(message(id), never);
    const outcomes = await Promise.all(
      stores.flatMap((store) =>
        ids.flatMap((messageId) =>
          STEPS.map(async (status) => {
            const outcome = await store.advanceStatus(
              { messageId, recipientId: 'ben', status, at: new Date(2) },
              never,
            );
            return `${messageId} ${status} ${outcome}`;
          }),
        ),
      ),
    );
    const advanced = outcomes.filter((outcome) => outcome.endsWith('advanced'));
    expect(new Set(advanced).size).toBe(advanced.length);
    for (const id of ids) {
      expect(advanced).toContain(`${id} read advanced`);
      expect((await stores[1]!.findStatus(id, 'ben'))?.status).toBe('read');
    }
  });

  it('index overlapping groups without deadlock, the newest version last', async () => {
    const url = await newDatabase();
    const indexes = [new SqlSearchIndex(await open(url)), new SqlSearchIndex(await open(url))];
    const group = (version: number) =>
      Array.from({ length: 40 }, (_, at) => ({
        ...{ messageId: `m${(at * 7 + version * 11) % 40}`, conversationId: 'c1', senderId: 'ana' },
        ...{ content: `word${version}`, createdAt: new Date(at), version },
      }));
    const versions = [3, 8, 1, 6, 2, 7, 5, 4];
    await Promise.all([
      ...versions.map((version, at) => indexes[at % 2]!.indexMany(group(version), never)),
      indexes[0]!.removeMany(['m1', 'm2', 'm3'], new Date(9), never),
      indexes[1]!.removeMany(['m3', 'm2', 'm1'], new Date(9), never),
    ]);
    expect((await indexes[0]!.search('word8')).items).toHaveLength(37);
    expect((await indexes[0]!.search('word')).items).toHaveLength(37);
  });

  it('never claim the same message for a clean-up as under hold', async () => {
    const url = await newDatabase();
    const [mine, other] = [await open(url), await open(url)];
    const messages = new SqlMessageStore(mine);
    for (let at = 0; at < 20; at += 1)
      await messages.save(message(`m${at}`, { conversationId: `c${at}` }), never);
    const selection = { kind: 'old_messages', before: new Date(5_000) } as const;
    const conversations = new SqlConversationStore(other);
    await Promise.all([
      new SqlCleanupStore(mine).claim(selection, 100, never),
      ...Array.from({ length: 20 }, (_, at) => conversations.setLegalHold(`c${at}`, true)),
    ]);
    // Whichever came first: what is held is seen, and no clean-up removes it.
    for (let at = 0; at < 20; at += 1) expect(await messages.find(`m${at}`)).not.toBeNull();
    const ids = Array.from({ length: 20 }, (_, at) => `m${at}`);
    expect(await new SqlCleanupStore(mine).removeClaimed(ids, never)).toBe(0);
  });
});

describe('SQLite', () => {
  it("waits for another process's lock without blocking this one, and goes on when that process is killed", async () => {
    const file = await newFile();
    const store = new SqlMessageStore(await open(file));
    const libsql = createRequire(__filename).resolve('libsql');
    const holder = spawn(
      process.execPath,
      [
        '-e',
        `const db = new (require(process.argv[1]))(process.argv[2]);
         db.exec("BEGIN IMMEDIATE");
         db.exec("INSERT INTO mq_conversations VALUES ('half', 1, 0)");
         console.log('locked'); setInterval(() => {}, 1000);`,
        ...[libsql, file],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      let isSaved = false;
      let ticks = 0;
      const timer = setInterval(() => (ticks += 1), 5);
      const saving = store.save(message('m1'), never).then(() => (isSaved = true));
      await waitUntil(() => ticks >= 10, 'the event loop to go round');
      clearInterval(timer);
      expect(isSaved).toBe(false);
      holder.kill('SIGKILL');
      await saving;
      expect(await store.find('m1')).not.toBeNull();
      expect(await new SqlConversationStore(opened[0]!).find('half')).toBeNull();
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('gives up on a lock with the reason', async () => {
    const file = await newFile();
    const holder = await open(file);
    const waiting = await SqlDatabase.open({ url: file, busyTimeoutMs: 50 });
    opened.push(waiting);
    let release: () => void = () => undefined;
    const held = holder.transaction(
      'hold',
      undefined,
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    await expect(new SqlMessageStore(waiting).save(message('m1'), never)).rejects.toMatchObject({
      code: 'SQL_STORE',
      databaseCode: 'SQLITE_BUSY',
    });
    release();
    await held;
  });
});

describe('PostgreSQL', () => {
  /** Locks a row like a slow transaction would, lets `work` begin behind it, and lets go. */
  async function behindLock(url: string, statement: string, work: () => Promise<void>): Promise<void> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(statement);
      await work();
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
  }

  async function untilWaiting(url: string, sessions: number): Promise<void> {
    const count = `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await waitUntil(async () => {
      const [row] = await server.query(count, url);
      return Number(row?.['waiting']) >= sessions;
    }, `${sessions} sessions that wait for a lock`);
  }

  it('lets a legal hold wait for a claim that runs, and undoes it', async () => {
    const url = await server.createDatabase();
    const [mine, other] = [await open(url), await open(url)];
    const messages = new SqlMessageStore(mine);
    for (const id of ['m1', 'm2']) await messages.save(message(id, { conversationId: `c-${id}` }), never);
    const selection = { kind: 'old_messages', before: new Date(5_000) } as const;
    const running: Promise<unknown>[] = [];
    await behindLock(url, `SELECT 1 FROM mq_messages WHERE message_id = 'm1' FOR UPDATE`, async () => {
      running.push(new SqlCleanupStore(mine).claim(selection, 100, never));
      await untilWaiting(url, 1);
      const holding = new SqlConversationStore(other).setLegalHold('c-m2', true);
      running.push(holding);
      await Promise.race([holding, untilWaiting(url, 2)]);
    });
    await Promise.all(running);
    expect(await messages.find('m1')).toBeNull();
    expect(await messages.find('m2')).not.toBeNull();
  });

  const ofBen = { kind: 'subject', subjectId: 'ben', exceptConversations: [] } as const;

  it('lets an erasure wait for a legal hold that is being set, and keeps what it holds', async () => {
    const url = await server.createDatabase();
    const messages = new SqlMessageStore(await open(url));
    for (const id of ['m1', 'm2']) await messages.save(message(id, { conversationId: `c-${id}` }), never);
    const running: Promise<number>[] = [];
    await behindLock(
      url,
      // As setLegalHold does, but slowly: "mqlh" is the lock of legal holds.
      `SELECT pg_advisory_xact_lock(x'6d716c68'::int); INSERT INTO mq_conversations VALUES ('c-m1', NULL, 1)`,
      async () => {
        running.push(messages.eraseTraces(ofBen, 10, never));
        await untilWaiting(url, 1);
      },
    );
    expect(await Promise.all(running)).toEqual([1]);
    expect(await messages.findStatus('m1', 'ben')).not.toBeNull();
  });

  it('lets a claim of files wait for a save that refers to one, and a save for a claim', async () => {
    const url = await server.createDatabase();
    const attachments = new SqlAttachmentStore(await open(url));
    const row = { messageId: 'm1', fileKey: 'shared', expiresAt: null, legalHold: false };
    await attachments.save({ ...row, id: 'a1' });
    const claims: Promise<unknown>[] = [];
    const insert = `INSERT INTO mq_attachments (id, message_id, file_key, legal_hold) VALUES ('a2', 'm1', 'shared', 0)`;
    // As a save does, but slowly.
    await behindLock(url, `SELECT pg_advisory_xact_lock_shared(x'6d716c68'::int); ${insert}`, async () => {
      claims.push(attachments.claimRemoval(['a1'], never));
      await untilWaiting(url, 1);
    });
    expect(await Promise.all(claims)).toEqual([{ removed: 1, claimed: [] }]);
    const saves: Promise<unknown>[] = [];
    const claim = `UPDATE mq_attachments SET removing = 1 WHERE id = 'a2'`;
    await behindLock(url, `SELECT pg_advisory_xact_lock(x'6d716c68'::int); ${claim}`, async () => {
      saves.push(attachments.save({ ...row, id: 'a3' }).catch((error: unknown) => error));
      await untilWaiting(url, 1);
    });
    expect(await Promise.all(saves)).toEqual([expect.any(FileBeingRemovedError)]);
    expect(await attachments.find('a3')).toBeNull();
  });

  it('gives each of two erasures rows of its own, and none an end that is not there', async () => {
    const url = await server.createDatabase();
    const devices = [new SqlDeviceTokenStore(await open(url)), new SqlDeviceTokenStore(await open(url))];
    for (const deviceId of ['d1', 'd2', 'd3', 'd4'])
      await devices[0]!.register({ deviceId, recipientId: 'ben', platform: 'fcm', token: deviceId });
    const running: Promise<number>[] = [];
    await behindLock(url, `SELECT 1 FROM mq_device_tokens WHERE device_id = 'd1' FOR UPDATE`, async () => {
      for (const [at, store] of devices.entries()) {
        running.push(store.eraseTraces(ofBen, 2, never));
        await untilWaiting(url, at + 1);
      }
    });
    expect(await Promise.all(running)).toEqual([2, 2]);
    expect(await devices[0]!.countTraces(ofBen, never)).toBe(0);
  });

  it('indexes groups that hold the same messages in another order without deadlock', async () => {
    const url = await server.createDatabase();
    const indexes = [new SqlSearchIndex(await open(url)), new SqlSearchIndex(await open(url))];
    const group = (ids: string[], version: number) =>
      ids.map((messageId) => ({
        ...{ messageId, conversationId: 'c1', senderId: 'ana', content: `word${version}` },
        ...{ createdAt: new Date(1), version },
      }));
    await indexes[0]!.indexMany(group(['a', 'b', 'x'], 1), never);
    const running: Promise<unknown>[] = [];
    await behindLock(url, `SELECT 1 FROM mq_search_documents WHERE message_id = 'x' FOR UPDATE`, async () => {
      running.push(indexes[0]!.indexMany(group(['a', 'x', 'b'], 2), never));
      await untilWaiting(url, 1);
      running.push(indexes[1]!.indexMany(group(['b', 'a'], 3), never));
      await untilWaiting(url, 2);
    });
    expect((await Promise.allSettled(running)).map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
    ]);
    expect((await indexes[0]!.search('word3')).items).toHaveLength(2);
  });

  it('loses nothing that was acknowledged when it crashes, and repeats land once', async () => {
    const own = await TestPostgres.start();
    try {
      const store = new SqlMessageStore(await open(await own.createDatabase()));
      const acknowledged = new Set<string>();
      const ids = Array.from({ length: 400 }, (_, index) => `m${index}`);
      const work = ids.map(async (id) => {
        await store.save(message(id), never);
        acknowledged.add(id);
      });
      await waitUntil(() => acknowledged.size >= 50, '50 messages');
      await own.kill();
      const failures = (await Promise.allSettled(work)).filter((result) => result.status === 'rejected');
      expect(failures.length).toBeGreaterThan(0);
      for (const { reason } of failures) expect(reason).toMatchObject({ code: 'SQL_STORE' });
      await own.spawn();

      const before = [...acknowledged];
      const repeated = await Promise.all(ids.map((id) => store.save(message(id), never)));
      for (const id of before) expect(repeated[ids.indexOf(id)]).toBe('exists');
      const page = await store.listPending('ben', { limit: 500 });
      expect(page.items.map((item) => item.messageId).sort()).toEqual([...ids].sort());
    } finally {
      for (const database of opened.splice(0)) await database.close();
      await own.stop();
    }
  });
});
