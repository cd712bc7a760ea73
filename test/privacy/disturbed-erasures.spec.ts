import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { sql } from 'kysely';
import { SqlDatabase, sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { Privacy } from '../../src/message-queue/operations/index.js';
import {
  ConversationStore,
  DeviceTokenStore,
  MessageStore,
  NotificationLedger,
  NotificationPreferences,
  SearchIndex,
} from '../../src/message-queue/ports/index.js';
import type { TraceHolder } from '../../src/message-queue/ports/index.js';
import { CLEANUP_QUEUE } from '../../src/message-queue/queues/index.js';
import { BEN, EVA, furnish, HELD, MARK, OWN, PAIR, rowsOf } from '../support/erasure-stage.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const CALL = { by: 'dpo', reason: 'art-17' };
const never = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), 'mq-disturbed-'));
const apps = new HostApps();
let redis: TestRedis;
let stages = 0;

beforeAll(async () => {
  redis = await TestRedis.start();
});
afterEach(() => apps.close());
afterAll(async () => {
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

function start(provider: 'memory' | 'redis'): Promise<INestApplication> {
  stages += 1;
  const module = MessageQueueModule.forRoot({
    ...{ environment: 'test', board: { enabled: false }, privacy: { keyBackupDays: 30 } },
    ...(provider === 'memory'
      ? { provider }
      : {
          ...{ provider, redis: { url: redis.url }, prefix: `disturbed-${stages}` },
          adapters: sqlStoreAdapters({ url: join(directory, `${stages}.db`) }),
        }),
  });
  return apps.start({ imports: [module] });
}

/** Does something before the first removal of what a holder has. */
function beforeRemoval(holder: TraceHolder, act: () => Promise<void>): void {
  const erase = holder.eraseTraces.bind(holder);
  let isFirst = true;
  holder.eraseTraces = async (...given) => {
    if (isFirst) await act();
    isFirst = false;
    return erase(...given);
  };
}

/** Lets a holder fail until the answer is called. */
function failing(holder: TraceHolder): () => void {
  const erase = holder.eraseTraces.bind(holder);
  holder.eraseTraces = () => Promise.reject(new Error('away'));
  return () => (holder.eraseTraces = erase);
}

describe.each(['memory', 'redis'] as const)('an erasure that is disturbed on %s', (provider) => {
  let app: INestApplication;
  beforeEach(async () => {
    app = await start(provider);
    await furnish(app);
  });
  const writtenBy = async (conversationId: string): Promise<string[]> =>
    (await app.get(MessageStore).listConversation(conversationId)).items.map(({ senderId }) => senderId);

  it('is not done while something is left that a hold kept when it began', async () => {
    beforeRemoval(app.get(DeviceTokenStore), () => app.get(ConversationStore).setLegalHold(HELD, false));
    const receipt = await app.get(Privacy).eraseSubject(EVA, CALL);
    expect(receipt).toMatchObject({ state: 'incomplete', held: [] });
    expect(await app.get(Privacy).eraseSubject(EVA, CALL)).toMatchObject({ id: receipt.id, state: 'done' });
    expect(await writtenBy(HELD)).toEqual([]);
  });

  it('says nothing odd of a conversation that comes under legal hold while it is shredded', async () => {
    beforeRemoval(app.get(DeviceTokenStore), () => app.get(ConversationStore).setLegalHold(PAIR, true));
    const before = await writtenBy(PAIR);
    const receipt = await app.get(Privacy).shredConversation(PAIR, CALL);
    expect(receipt).toMatchObject({ state: 'held', held: [{ conversationId: PAIR }] });
    expect(receipt.holders.filter(({ found, removed }) => removed < 0 || removed > found)).toEqual([]);
    await app.get(Privacy).releaseHold(PAIR, { by: 'counsel' });
    expect(await app.get(Privacy).receipt(receipt.id)).toMatchObject({ state: 'done' });
    expect([before.length, await writtenBy(PAIR)]).toEqual([6, []]);
  });

  it.each([PAIR, OWN])('keeps what a hold of %s that comes meanwhile finds, and names it', async (held) => {
    // Before the messages, behind the jobs.
    const { conversations, holder } = {
      conversations: app.get(ConversationStore),
      holder: app.get(DeviceTokenStore),
    };
    beforeRemoval(holder, () => conversations.setLegalHold(held, true));
    const before = await writtenBy(held);
    const receipt = await app.get(Privacy).eraseSubject(EVA, CALL);
    expect(receipt.state).toBe('held');
    expect(receipt.held.map(({ conversationId }) => conversationId).sort()).toEqual([HELD, held].sort());
    expect(await writtenBy(held)).toEqual(before);
  });

  it('says until when backups have keys by when they were destroyed, however long a hold kept them', async () => {
    const privacy = app.get(Privacy);
    await app.get(ConversationStore).setLegalHold(OWN, true);
    const { id, at: begun, unreadableAfter } = await privacy.eraseSubject(EVA, CALL);
    expect(unreadableAfter).toBeNull();
    await waitUntil(() => Promise.resolve(Date.now() > begun.getTime()), 'some time to pass');
    const heldUntil = Date.now();
    await privacy.releaseHold(OWN);
    const receipt = await privacy.receipt(id);
    expect(receipt).toMatchObject({ keysDestroyed: 1 });
    expect(receipt?.unreadableAfter).toBeGreaterThanOrEqual(heldUntil + 30 * 86_400_000);
  });

  it('empties the holders behind one that fails, names all that did, and keeps what leads to the rest', async () => {
    const repair = [SearchIndex, NotificationLedger].map((port) => failing(app.get<TraceHolder>(port)));
    const failure: unknown = await app
      .get(Privacy)
      .eraseSubject(EVA, CALL)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as Error).message).toContain('search documents');
    expect((failure as Error).message).toContain('notification ledger');
    expect(await app.get(DeviceTokenStore).list(EVA, never)).toEqual([]);
    expect(await app.get(NotificationPreferences).find(EVA)).toBeNull();
    expect(await app.get(DeviceTokenStore).list(BEN, never)).toHaveLength(1);
    expect(await writtenBy(PAIR)).toContain(EVA);
    repair.forEach((mend) => mend());
    expect(await app.get(Privacy).eraseSubject(EVA, CALL)).toMatchObject({ state: 'held', keysDestroyed: 1 });
    expect(await writtenBy(PAIR)).toEqual([BEN, BEN, BEN]);
    expect((await app.get(SearchIndex).search(MARK)).items).toEqual([]);
  });
});

it('is told to a key store that was restored, conversations that nobody remained in too, also when the job ended it', async () => {
  const app = await start('redis');
  await furnish(app);
  const mend = failing(app.get(SearchIndex));
  await expect(app.get(Privacy).eraseSubject(EVA, CALL)).rejects.toThrow('away');
  mend();
  const database = app.get(SqlDatabase);
  const [erasure] = await database.run('find', undefined, (db) =>
    db.selectFrom('mq_erasures').selectAll().execute(),
  );
  const service = app.get(MessageQueueService);
  const job = await service.enqueue(CLEANUP_QUEUE, 'erase-traces', {
    ...{ receiptId: erasure?.receipt_id ?? '', createdAt: new Date() },
  });
  await waitUntil(
    async () => (await service.getJobStatus(CLEANUP_QUEUE.name, job.id)).state === 'completed',
    'the erasure to be gone on with',
  );
  const tombstones = (await rowsOf(database)).filter((row) => row.startsWith('mq_tombstones'));
  expect(tombstones).toHaveLength(2);
  await database.run('lose the tombstones', undefined, (db) => sql`DELETE FROM mq_tombstones`.execute(db));
  expect(await app.get(Privacy).reapplyErasures()).toBe(2);
});
