import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SqlDatabase, sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { Privacy } from '../../src/message-queue/operations/index.js';
import {
  AuditTrail,
  ConversationStore,
  DataKeyStore,
  MessageStore,
  SearchIndex,
} from '../../src/message-queue/ports/index.js';
import { BEN, EVA, FAR, furnish, HELD, jobsOf, PAIR, rowsOf } from '../support/erasure-stage.js';
import { HostApps } from '../support/host-app.js';
import { KeyRing } from '../support/key-ring.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { KeyProvider } from '../../src/message-queue/ports/index.js';

const CALL = { by: 'nurse-1', reason: 'contract-ended' };
const createdAt = new Date(Date.UTC(2026, 0, 2));
const directory = mkdtempSync(join(tmpdir(), 'mq-shred-'));
const apps = new HostApps();
let redis: TestRedis;
let client: Redis;
let stages = 0;

beforeAll(async () => {
  redis = await TestRedis.start();
  client = redis.client();
});
afterEach(() => apps.close());
afterAll(async () => {
  client.disconnect();
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

function start(options: MessageQueueModuleOptions): Promise<INestApplication> {
  const module = MessageQueueModule.forRoot({ ...options, environment: 'test', board: { enabled: false } });
  return apps.start({ imports: [module] });
}

const PROVIDERS: readonly (readonly [string, () => MessageQueueModuleOptions])[] = [
  ['memory', () => ({ provider: 'memory' })],
  [
    'Redis and SQLite',
    () => ({
      ...{ provider: 'redis', redis: { url: redis.url }, prefix: `shred-${stages}` },
      adapters: sqlStoreAdapters({ url: join(directory, `${stages}.db`) }),
    }),
  ],
];

describe.each(PROVIDERS)('a conversation that is shredded on %s', (_name, optionsOf) => {
  let app: INestApplication;
  let privacy: Privacy;
  beforeEach(async () => {
    stages += 1;
    app = await start(optionsOf());
    privacy = app.get(Privacy);
    await furnish(app);
  });

  it('is gone with its key, its messages and its jobs, and nothing else is', async () => {
    const preview = await privacy.shredConversation(PAIR, { ...CALL, dryRun: true });
    expect(preview).toMatchObject({ dryRun: true, keysDestroyed: 0, state: 'incomplete' });
    const receipt = await privacy.shredConversation(PAIR, CALL);
    expect(receipt).toMatchObject({
      state: 'done',
      dryRun: false,
      keysDestroyed: 1,
      held: [],
      by: 'nurse-1',
    });
    expect(receipt.target).toEqual({ kind: 'conversation', hash: expect.stringMatching(/^[\w-]{43}$/) });
    expect(receipt.holders.map(({ name, found }) => [name, found])).toEqual(
      preview.holders.map(({ name, found }) => [name, found]),
    );
    expect(receipt.holders.find(({ name }) => name === 'messages')).toEqual({
      ...{ name: 'messages', found: 6, removed: 6, left: 0 },
    });
    expect((await app.get(MessageStore).listConversation(PAIR)).items).toEqual([]);
    expect((await app.get(SearchIndex).search('harbour', { conversationId: PAIR })).items).toEqual([]);
    expect(await app.get(ConversationStore).find(PAIR)).toBeNull();
    const jobs = await jobsOf(app);
    expect(jobs[PAIR]).toBeUndefined();
    expect(jobs[FAR]).toBe(3);
    expect((await app.get(MessageStore).listConversation(FAR)).items).toHaveLength(3);
    expect(await privacy.receipt(receipt.id)).toEqual(receipt);
  });

  it('takes nothing new, and the same call again says the same', async () => {
    const first = await privacy.shredConversation(PAIR, CALL);
    const message = { messageId: 'm-late', senderId: EVA, recipientId: BEN, conversationId: PAIR, createdAt };
    const late = app.get(MessageQueueService).addMessageDeliveryJob({ ...message, content: 'late' });
    await expect(late).rejects.toMatchObject({ code: 'SCOPE_SHREDDED' });
    const again = await privacy.shredConversation(PAIR, { by: 'somebody-else' });
    expect(again).toMatchObject({ id: first.id, by: 'nurse-1', state: 'done', keysDestroyed: 1 });
    expect(again.holders).toEqual(first.holders);
  });

  it('is refused under legal hold, and nothing changes', async () => {
    const before = await jobsOf(app);
    await expect(privacy.shredConversation(HELD, CALL)).rejects.toMatchObject({ code: 'LEGAL_HOLD' });
    await expect(privacy.shredConversation(HELD, { ...CALL, dryRun: true })).rejects.toMatchObject({
      code: 'LEGAL_HOLD',
    });
    expect(await jobsOf(app)).toEqual(before);
    expect((await app.get(MessageStore).listConversation(HELD)).items).toHaveLength(3);
    await privacy.releaseHold(HELD, { by: 'counsel' });
    expect(await privacy.shredConversation(HELD, CALL)).toMatchObject({ state: 'done' });
  });

  it.each([
    ['', CALL, 'INVALID_ERASURE'],
    ['c 1', CALL, 'INVALID_ERASURE'],
    ['c'.repeat(129), CALL, 'INVALID_ERASURE'],
    [PAIR, { by: 'nurse-1', reason: 'She asked for it.' }, 'INVALID_AUDIT_ENTRY'],
    [PAIR, { by: '' }, 'INVALID_AUDIT_ENTRY'],
    [PAIR, { by: 'nurse-1', reason: '', dryRun: true }, 'INVALID_AUDIT_ENTRY'],
  ])('is refused for id "%s" and call %j', async (id, call, code) => {
    const before = await jobsOf(app);
    await expect(privacy.shredConversation(id, call)).rejects.toMatchObject({ code });
    await expect(privacy.eraseSubject(id, call)).rejects.toMatchObject({ code });
    await expect(privacy.hold(id, call)).rejects.toMatchObject({ code });
    await expect(privacy.releaseHold(id, call)).rejects.toMatchObject({ code });
    expect((await app.get(ConversationStore).find(id))?.legalHold ?? false).toBe(false);
    expect(await jobsOf(app)).toEqual(before);
  });

  it('stays whole while the audit takes no entry', async () => {
    const before = await jobsOf(app);
    const trail = app.get(AuditTrail);
    const extent = jest.spyOn(trail, 'extent').mockRejectedValue(new Error('The database is away.'));
    await expect(privacy.shredConversation(PAIR, CALL)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    extent.mockRestore();
    expect(await jobsOf(app)).toEqual(before);
    expect((await app.get(MessageStore).listConversation(PAIR)).items).toHaveLength(6);
  });

  it('and a person who was erased: a job of theirs that comes later ends as shredded, and writes nothing', async () => {
    await privacy.eraseSubject(EVA, CALL);
    const service = app.get(MessageQueueService);
    const about = { senderId: EVA, conversationId: FAR, createdAt };
    const { id } = await service.addIndexingJob({
      ...{ messageId: 'm-late', operation: 'index', content: 'lateharbour', ...about },
    });
    const status = await waitUntil(async () => {
      const found = await service.getJobStatus(QueueName.MESSAGE_INDEXING, id);
      return found.state === 'completed' && found;
    }, 'the late job to end');
    expect(status).toMatchObject({ attempts: { made: 0 } });
    expect((await app.get(SearchIndex).search('lateharbour')).items).toEqual([]);
    const { queues } = await service.getQueueMetrics();
    expect(queues[QueueName.MESSAGE_INDEXING]).toMatchObject({ failed: 0, attempts: 0 });
    // Those that were removed before they ran count too.
    expect(queues[QueueName.MESSAGE_INDEXING].shredded).toBe(3);
  });
});

describe('shredding', () => {
  it('lets jobs about an erased person run in a conversation under legal hold, as its records stay', async () => {
    stages += 1;
    const app = await start({ provider: 'memory' });
    await furnish(app);
    await app.get(Privacy).eraseSubject(EVA, CALL);
    const service = app.get(MessageQueueService);
    const about = { senderId: EVA, conversationId: HELD, createdAt };
    await service.addIndexingJob({
      ...{ messageId: 'm-held-late', operation: 'index', content: 'lateharbour', ...about },
    });
    await waitUntil(
      async () => (await app.get(SearchIndex).search('lateharbour')).items.length === 1,
      'the job in the held conversation to run',
    );
    await app.get(Privacy).releaseHold(HELD, { by: 'counsel' });
    expect((await app.get(SearchIndex).search('lateharbour')).items).toEqual([]);
  });

  it('says what to plug in where keys are derived, and changes nothing', async () => {
    stages += 1;
    const url = join(directory, `${stages}.db`);
    const app = await start({
      ...{ provider: 'redis', redis: { url: redis.url }, prefix: `shred-${stages}` },
      adapters: sqlStoreAdapters({ url, except: [DataKeyStore] }),
    });
    await furnish(app);
    const before = await rowsOf(app.get(SqlDatabase));
    const privacy = app.get(Privacy);
    for (const call of [
      privacy.shredConversation(PAIR, CALL),
      privacy.eraseSubject(EVA, CALL),
      privacy.recallMessage('m-pair-eva-0', CALL),
      privacy.reapplyErasures(),
    ]) {
      await expect(call).rejects.toMatchObject({
        code: 'SHREDDING_UNAVAILABLE',
        message: expect.stringContaining('sqlStoreAdapters'),
      });
    }
    expect(await rowsOf(app.get(SqlDatabase))).toEqual(before);
  });

  it('is done again when the key store comes back from a backup that has the keys', async () => {
    stages += 1;
    const url = join(directory, `${stages}.db`);
    const ring = new KeyRing();
    const options: MessageQueueModuleOptions = {
      ...{ provider: 'memory' },
      privacy: { keyBackupDays: 30 },
      adapters: [...sqlStoreAdapters({ url }), { provide: KeyProvider, useValue: ring }],
    };
    const app = await start(options);
    await furnish(app);
    const database = app.get(SqlDatabase);
    const backup = await database.run('back up', undefined, (db) =>
      db.selectFrom('mq_data_keys').selectAll().execute(),
    );
    const receipt = await app.get(Privacy).shredConversation(PAIR, CALL);
    expect(receipt.unreadableAfter).toBe(receipt.at.getTime() + 30 * 86_400_000);
    await database.run('restore', undefined, async (db) => {
      await db.deleteFrom('mq_tombstones').execute();
      await db.deleteFrom('mq_data_keys').execute();
      await db.insertInto('mq_data_keys').values(backup).execute();
    });
    expect(await app.get(Privacy).reapplyErasures({ by: 'operator' })).toBe(1);
    expect(await app.get(Privacy).reapplyErasures()).toBe(0);
    const opened = await database.run('look', undefined, (db) =>
      db.selectFrom('mq_data_keys').select('wrapped').where('scope_hash', '=', receipt.target.hash).execute(),
    );
    expect(opened).toEqual([{ wrapped: null }]);
  });
});
