import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { INestApplication, Provider } from '@nestjs/common';
import type { Queue } from 'bull';
import {
  InMemoryCleanupStore,
  InMemoryConversationStore,
  InMemoryDataKeyStore,
  InMemoryMessages,
  InMemoryMessageStore,
} from '../../src/message-queue/adapters/in-memory/index.js';
import { SqlDatabase, sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import {
  getQueueToken,
  JobEvents,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { AuditChain, Privacy } from '../../src/message-queue/operations/index.js';
import { CLEANUP_QUEUE } from '../../src/message-queue/queues/index.js';
import {
  CleanupStore,
  ConversationStore,
  DataKeyStore,
  MessageStore,
  MessageTransport,
  NotificationInbox,
  SearchIndex,
} from '../../src/message-queue/ports/index.js';
import type {
  RecallAnnouncement,
  TransportMessage,
  TransportReceipt,
} from '../../src/message-queue/ports/index.js';
import { rowsOf } from '../support/erasure-stage.js';
import { HostApps } from '../support/host-app.js';
import { TestPostgres } from '../support/postgres-server.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const CALL = { by: 'ana', reason: 'wrong-person' };
const { signal: never } = new AbortController();
const TEXT = 'a quince for the wrong person';

/** Reaches everybody but those who are away; a slow one waits until it is told to stop. */
class StagedTransport extends MessageTransport {
  readonly away = new Set<string>();
  readonly sent: TransportMessage[] = [];
  readonly stopped: unknown[] = [];
  readonly recalls: RecallAnnouncement[] = [];
  isSlow = false;
  isBroken = false;

  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    this.sent.push(message);
    if (this.isSlow) {
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          this.stopped.push(signal.reason);
          reject(signal.reason as Error);
        }),
      );
    }
    if (this.away.has(message.recipientId)) return { outcome: 'offline', reached: 0 };
    return { outcome: 'sent', reached: 1 };
  }

  override announceRecall(announcement: RecallAnnouncement): Promise<boolean> {
    if (this.isBroken) return Promise.reject(new Error('No line.'));
    this.recalls.push(announcement);
    return Promise.resolve(!this.away.has(announcement.userId));
  }
}

const directory = mkdtempSync(join(tmpdir(), 'mq-recall-'));
const apps = new HostApps();
let redis: TestRedis;
let postgres: TestPostgres;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([TestRedis.start(), TestPostgres.start()]);
});
afterEach(() => apps.close());
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

/** In-memory stores that outlive an app. */
function memoryStores(): Provider[] {
  const data = new InMemoryMessages();
  return [
    { provide: InMemoryMessages, useValue: data },
    { provide: MessageStore, useValue: new InMemoryMessageStore(data) },
    { provide: ConversationStore, useValue: new InMemoryConversationStore(data) },
    { provide: CleanupStore, useValue: new InMemoryCleanupStore(data) },
    { provide: DataKeyStore, useValue: new InMemoryDataKeyStore(data) },
  ];
}

const STAGES: readonly (readonly [string, () => Promise<MessageQueueModuleOptions>])[] = [
  ['memory', () => Promise.resolve({ provider: 'memory', adapters: memoryStores() })],
  ['Redis and SQLite', () => Promise.resolve(onRedis(join(directory, `${randomUUID()}.db`)))],
  ['Redis and PostgreSQL', async () => onRedis(await postgres.createDatabase())],
];

function onRedis(url: string): MessageQueueModuleOptions {
  const place = { redis: { url: redis.url }, prefix: `recall-${randomUUID()}` };
  return { provider: 'redis', ...place, adapters: sqlStoreAdapters({ url }) };
}

describe.each(STAGES)('recalling a message on %s', (_name, prepare) => {
  let options: MessageQueueModuleOptions;
  let transport: StagedTransport;
  let app: INestApplication;

  async function start(): Promise<void> {
    transport = new StagedTransport();
    const adapters = [...(options.adapters ?? []), { provide: MessageTransport, useValue: transport }];
    const module = MessageQueueModule.forRoot({
      environment: 'test',
      board: { enabled: false },
      ...options,
      adapters,
    });
    @Module({ imports: [module] })
    class AppModule {}
    app = await apps.start({ imports: [AppModule] });
  }

  beforeEach(async () => {
    options = await prepare();
    await start();
  });

  const queueOf = (name: string): Queue => app.get<Queue>(getQueueToken(name));
  const recall = (id = 'm-1') => app.get(Privacy).recallMessage(id, CALL);

  /** @param recipients the first gets the job, the others the same message */
  async function send(messageId = 'm-1', recipientId = 'ben'): Promise<void> {
    await app.get(MessageQueueService).addMessageDeliveryJob(
      {
        ...{ messageId, senderId: 'ana', recipientId, conversationId: 'c-1', content: TEXT },
        createdAt: new Date(),
      },
      { idempotencyKey: `${messageId}/${recipientId}` },
    );
  }

  const index = (messageId = 'm-1') =>
    app.get(MessageQueueService).addIndexingJob({
      ...{ messageId, senderId: 'ana', conversationId: 'c-1', operation: 'index', content: TEXT },
      createdAt: new Date(),
    });

  const notify = () =>
    app.get(MessageQueueService).addNotificationJob({
      ...{ recipientId: 'ben', type: 'in_app', title: 'New', message: TEXT, messageId: 'm-1' },
      createdAt: new Date(),
    });

  const hits = async () => (await app.get(SearchIndex).search('quince')).items.length;
  const inbox = async () => (await app.get(NotificationInbox).list('ben')).items.length;
  const notices = async (id: string) => (await app.get(MessageStore).listRecalled(id)).items;

  async function sentTo(recipientId = 'ben'): Promise<void> {
    await send('m-1', recipientId);
    const { away } = transport;
    await waitUntil(async () => {
      const status = await app.get(MessageStore).findStatus('m-1', recipientId);
      return away.has(recipientId) ? transport.sent.length > 0 : status?.status === 'sent';
    }, 'the message to be sent');
  }

  async function found(): Promise<void> {
    await index();
    await notify();
    await waitUntil(async () => (await hits()) > 0 && (await inbox()) > 0, 'copies of it');
  }

  it('never sends one that waits, also when its job comes later', async () => {
    await queueOf(QueueName.MESSAGE_DELIVERY).pause();
    await send();
    const receipt = await recall();
    expect(receipt).toEqual({
      id: expect.any(String) as string,
      hadIt: 0,
      told: 0,
      cancelled: 1,
      held: false,
    });
    const ended: string[] = [];
    app.get(JobEvents).on('shredded', ({ jobId }) => void ended.push(jobId));
    await queueOf(QueueName.MESSAGE_DELIVERY).resume();
    await app.get(MessageQueueService).addMessageDeliveryJob({
      ...{ messageId: 'm-1', senderId: 'ana', recipientId: 'ben', conversationId: 'c-1', content: TEXT },
      createdAt: new Date(),
    });
    await index();
    await waitUntil(() => ended.length === 2, 'the late jobs to end');
    expect(transport.sent).toEqual([]);
    expect([await hits(), await app.get(MessageStore).hide('m-1', never)]).toEqual([0, null]);
    expect(await app.get(Privacy).receipt(receipt.id)).toMatchObject({ state: 'done' });
  });

  it('aborts one that is being delivered, and tells whoever may have got it', async () => {
    transport.isSlow = true;
    await send();
    await waitUntil(() => transport.sent.length > 0, 'the delivery to begin');
    const receipt = await recall();
    expect(receipt).toMatchObject({ hadIt: 0, told: 1, cancelled: 1, held: false });
    expect(transport.stopped).toHaveLength(1);
    expect(transport.recalls).toEqual([
      { messageId: 'm-1', conversationId: 'c-1', userId: 'ana' },
      { messageId: 'm-1', conversationId: 'c-1', userId: 'ben' },
    ]);
    expect(await app.get(MessageStore).hide('m-1', never)).toBeNull();
    expect(await notices('ben')).toEqual([]);
  });

  it('removes one that was delivered with all that was made of it, and tells those who had it', async () => {
    await sentTo('ben');
    await sentTo('cleo');
    await found();
    transport.away.add('cleo');
    const receipt = await recall();
    expect(receipt).toMatchObject({ hadIt: 2, told: 1, held: false });
    expect([await hits(), await inbox(), await app.get(MessageStore).hide('m-1', never)]).toEqual([
      0,
      0,
      null,
    ]);
    expect(await notices('ben')).toEqual([]);
    expect(await notices('cleo')).toEqual([
      { messageId: 'm-1', conversationId: 'c-1', recipientId: 'cleo', recalledAt: expect.any(Date) as Date },
    ]);
    const audit = await app.get(AuditChain).list({ actions: ['recall'] });
    expect(audit.items.map(({ phase, actor, reason }) => [phase, actor, reason])).toEqual([
      ['done', 'ana', 'wrong-person'],
      ['begun', 'ana', 'wrong-person'],
    ]);
    // Again, it gives the same picture and tells nobody twice.
    const told = transport.recalls.length;
    expect(await recall()).toEqual(receipt);
    expect(transport.recalls).toHaveLength(told);
  });

  it('leaves other messages alone', async () => {
    await sentTo('ben');
    await send('m-2');
    await index('m-2');
    await waitUntil(async () => (await hits()) === 1, 'the other one');
    await recall();
    expect(await app.get(MessageStore).find('m-2')).toMatchObject({ content: TEXT });
    expect(await hits()).toBe(1);
  });

  it('keeps a notice for everybody when no device can be told', async () => {
    await sentTo('ben');
    transport.isBroken = true;
    expect(await recall()).toMatchObject({ hadIt: 1, told: 0 });
    expect(await notices('ben')).toHaveLength(1);
  });

  it('hides one under legal hold, and removes it when the hold ends', async () => {
    await sentTo('ben');
    await found();
    await app.get(Privacy).hold('c-1', { by: 'counsel' });
    const messages = app.get(MessageStore);
    const whole = await messages.find('m-1');
    const receipt = await recall();
    expect(receipt).toMatchObject({ hadIt: 1, told: 1, held: true });
    expect(await app.get(Privacy).receipt(receipt.id)).toMatchObject({
      ...{ state: 'held', held: [{ conversationId: 'c-1', records: 1 }] },
    });
    expect([await messages.find('m-1'), await messages.findStatus('m-1', 'ben')]).toEqual([null, null]);
    expect((await messages.listConversation('c-1')).items).toEqual([]);
    expect([await hits(), await inbox()]).toEqual([0, 0]);
    expect(await messages.hide('m-1', never)).toEqual(whole);
    const told = transport.recalls.length;
    await app.get(Privacy).releaseHold('c-1', { by: 'counsel' });
    expect(await messages.hide('m-1', never)).toBeNull();
    expect(await app.get(Privacy).receipt(receipt.id)).toMatchObject({ state: 'done', held: [] });
    expect(transport.recalls).toHaveLength(told);
    expect(await notices('ben')).toEqual([]);
  });

  it.each(['hide', 'noteRecalled'] as const)(
    'goes on by itself when it was stopped at "%s"',
    async (step) => {
      await sentTo('ben');
      await found();
      const messages = app.get(MessageStore);
      const stopping = jest.spyOn(messages, step).mockRejectedValue(new Error('The process dies.'));
      await expect(recall()).rejects.toThrow('The process dies.');
      stopping.mockRestore();
      await resumed();
      expect(transport.recalls.map(({ userId }) => userId)).toEqual(['ana', 'ben']);
      expect(await recall()).toMatchObject({ hadIt: 1, told: 1 });
    },
  );

  it('goes on by itself when it was stopped while copies went', async () => {
    await sentTo('ben');
    await found();
    const stopping = jest
      .spyOn(app.get(SearchIndex), 'eraseTraces')
      .mockRejectedValue(new Error('No index.'));
    await expect(recall()).rejects.toThrow('No index.');
    stopping.mockRestore();
    expect(await app.get(MessageStore).find('m-1')).toBeNull();
    await resumed();
    expect(await recall()).toMatchObject({ hadIt: 1, told: 1 });
  });

  /** As the watch does. */
  async function resumed(): Promise<void> {
    const [receipt] = (await app.get(DataKeyStore).listErasures('incomplete')).items;
    await app.get(MessageQueueService).enqueue(CLEANUP_QUEUE, 'erase-traces', {
      ...{ receiptId: receipt?.receiptId ?? '', createdAt: new Date() },
    });
    await waitUntil(
      async () => (await app.get(DataKeyStore).findReceipt(receipt?.receiptId ?? ''))?.state === 'done',
      'the recall to be done',
    );
    expect([await hits(), await inbox(), await app.get(MessageStore).hide('m-1', never)]).toEqual([
      0,
      0,
      null,
    ]);
  }

  it('keeps no text, and names nobody but in notices', async () => {
    await sentTo('ben');
    await found();
    await recall();
    const rows = options.provider === 'redis' ? await rowsOf(app.get(SqlDatabase)) : [];
    expect(rows.filter((row) => row.includes('quince'))).toEqual([]);
    // That it was removed, for a late index job.
    const naming = rows.filter((row) => row.includes('m-1') && !row.startsWith('mq_search_documents'));
    expect(naming).toEqual([]);
  });

  it('refuses what is no id, and who asks without a reason code', async () => {
    const privacy = app.get(Privacy);
    await expect(privacy.recallMessage('', CALL)).rejects.toMatchObject({ code: 'INVALID_ERASURE' });
    await expect(privacy.recallMessage('m-1', { by: 'ana', reason: 'Wrong person!' })).rejects.toMatchObject({
      code: 'INVALID_AUDIT_ENTRY',
    });
  });
});
