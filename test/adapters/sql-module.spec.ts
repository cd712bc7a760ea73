import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import {
  AttachmentStore,
  ConversationStore,
  DeviceTokenStore,
  EncryptedContentStore,
  MessageStore,
  NotificationInbox,
  SearchIndex,
} from '../../src/message-queue/ports/index.js';
import type { JobReceipt } from '../../src/message-queue/index.js';
import {
  SqlDatabase,
  SqlMessageStore,
  sqlStoreAdaptersAsync,
} from '../../src/message-queue/adapters/sql/index.js';
import { HostApps } from '../support/host-app.js';
import { TestPostgres } from '../support/postgres-server.js';
import { waitUntil } from '../support/wait-until.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const directory = mkdtempSync(join(tmpdir(), 'mq-sql-module-'));
let server: TestPostgres;
let apps: HostApps;

beforeAll(async () => {
  server = await TestPostgres.start();
});
beforeEach(() => {
  apps = new HostApps();
});
afterEach(() => apps.close());
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

function start(url: string): Promise<INestApplication> {
  const adapters = sqlStoreAdaptersAsync({
    inject: ['DATABASE_URL'],
    useFactory: (injected: string) => ({ url: injected }),
  });
  const Settings = class {};
  const settings = {
    ...{
      module: Settings,
      providers: [{ provide: 'DATABASE_URL', useValue: url }],
      exports: ['DATABASE_URL'],
    },
  };
  const board = { enabled: false };
  return apps.start({
    imports: [MessageQueueModule.forRoot({ provider: 'memory', adapters, imports: [settings], board })],
  });
}

async function done(app: INestApplication, receipts: readonly JobReceipt[]): Promise<void> {
  const service = app.get(MessageQueueService);
  for (const { queue, id } of receipts) {
    const state = await waitUntil(async () => {
      const status = await service.getJobStatus(queue, id);
      return ['completed', 'failed'].includes(status.state) && status.state;
    }, `job ${id} of ${queue}`);
    expect(`${queue} ${state}`).toBe(`${queue} completed`);
  }
}

describe.each([
  ['SQLite', () => Promise.resolve(join(directory, 'chat.db'))],
  ['PostgreSQL', () => server.createDatabase()],
])('the six queues over %s', (_name, newDatabase) => {
  it('leave their work in the database', async () => {
    const app = await start(await newDatabase());
    const service = app.get(MessageQueueService);
    const createdAt = new Date();
    const old = new Date(createdAt.getTime() - 100 * DAY_MS);
    const people = { senderId: 'ana', conversationId: 'c1' };
    await app.get(DeviceTokenStore).register({
      ...{ deviceId: 'd1', recipientId: 'ben', platform: 'fcm', token: 'token' },
    });
    const delivery = { ...people, recipientId: 'ben', content: 'Meet me at noon', createdAt };
    // Received long ago: what a payload claims makes no message old.
    await app
      .get(MessageStore)
      .save(
        { ...delivery, messageId: 'm2', encrypted: false, attachments: [], batchId: null, createdAt: old },
        AbortSignal.timeout(5_000),
      );
    const receipts = await Promise.all([
      service.addMessageDeliveryJob({ ...delivery, messageId: 'm1', requiresEncryption: true }),
      service.addNotificationJob({
        ...{ recipientId: 'ben', type: 'in_app', title: 'Ana', message: 'Meet me at noon', createdAt },
      }),
      service.addIndexingJob({
        ...people,
        messageId: 'm1',
        operation: 'index',
        content: 'Meet me at noon',
        createdAt,
      }),
      service.addIndexingJob({
        ...people,
        messageId: 'm2',
        operation: 'index',
        content: 'Meet me at noon',
        createdAt,
      }),
      service.addEncryptionJob({
        messageId: 'm1',
        operation: 'encrypt',
        content: 'Meet me at noon',
        createdAt,
      }),
    ]);
    await done(app, receipts);
    await done(app, [
      await service.addDeliveryConfirmationJob({
        ...{ messageId: 'm1', recipientId: 'ben', status: 'read', createdAt },
      }),
    ]);

    const messages = app.get(MessageStore);
    const stored = await messages.find('m1');
    expect(stored?.encrypted).toBe(true);
    expect(stored?.content).not.toContain('noon');
    expect((await messages.findStatus('m1', 'ben'))?.status).toBe('read');
    expect((await app.get(NotificationInbox).list('ben')).items).toHaveLength(1);
    expect(await app.get(EncryptedContentStore).findEncrypted('m1')).not.toBeNull();
    const index = app.get(SearchIndex);
    expect((await index.search('noon', { conversationId: 'c1' })).items).toHaveLength(2);

    await app.get(AttachmentStore).save({
      ...{ id: 'a1', messageId: 'm2', fileKey: 'file', expiresAt: null, legalHold: false },
    });
    const cleanup = { cleanupType: 'old_messages', retentionDays: 90, batchSize: 10, createdAt } as const;
    await app.get(ConversationStore).setLegalHold('c1', true);
    await done(app, [await service.addCleanupJob(cleanup)]);
    expect(await messages.find('m2')).not.toBeNull();
    await app.get(ConversationStore).setLegalHold('c1', false);
    await done(app, [await service.addCleanupJob(cleanup)]);
    expect(await messages.find('m2')).toBeNull();
    expect(await messages.find('m1')).not.toBeNull();
    expect((await index.search('noon')).items.map((hit) => hit.messageId)).toEqual(['m1']);
    expect(await app.get(AttachmentStore).find('a1')).toBeNull();
  });

  it('send a batch once to everyone, and know how far it is', async () => {
    const app = await start(await newDatabase());
    const service = app.get(MessageQueueService);
    const recipientIds = Array.from({ length: 60 }, (_, index) => `recipient-${index % 50}`);
    const batch = { senderId: 'ana', recipientIds, content: 'News', batchId: 'b1', chunkSize: 20 };
    await done(app, [await service.addBatchMessageJob({ ...batch, createdAt: new Date() })]);
    const counts = await waitUntil(async () => {
      const now = await app.get(MessageStore).countBatch('b1');
      return now.sent === 50 && now;
    }, '50 messages sent');
    expect(counts).toEqual({ pending: 0, sent: 50, delivered: 0, read: 0, failed: 0 });
  });

  it('reach the database to the end of a job that runs when the app closes', async () => {
    const url = await newDatabase();
    const app = await start(url);
    const receipts = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        app.get(MessageQueueService).addMessageDeliveryJob({
          ...{ messageId: `late-${index}`, senderId: 'ana', recipientId: 'cleo', conversationId: 'c9' },
          ...{ content: 'On my way', createdAt: new Date() },
        }),
      ),
    );
    const service = app.get(MessageQueueService);
    await waitUntil(async () => {
      const { state } = await service.getJobStatus(QueueName.MESSAGE_DELIVERY, receipts[0]!.id);
      return state !== 'waiting';
    }, 'a job to run');
    await app.close();
    expect(apps.logger.lines.filter((line) => line.includes('SQL store'))).toEqual([]);
    const database = await SqlDatabase.open({ url });
    try {
      const { items } = await new SqlMessageStore(database).listConversation('c9', { limit: 100 });
      // None was left between saved and sent.
      expect(items.length).toBeGreaterThan(0);
      for (const item of items) expect(item.recipients[0]?.status).toBe('sent');
    } finally {
      await database.close();
    }
  });
});
