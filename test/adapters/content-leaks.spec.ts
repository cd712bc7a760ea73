import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { getQueueToken } from '@nestjs/bull-shared';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import { EnvironmentKeyProvider } from '../../src/message-queue/adapters/environment-keys/index.js';
import { LiquidTemplateRenderer } from '../../src/message-queue/adapters/liquid/index.js';
import { sqlStoreAdapters } from '../../src/message-queue/adapters/sql/index.js';
import { webhookAdapters } from '../../src/message-queue/adapters/webhook/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import { KeyProvider, MessageStore, TemplateRenderer } from '../../src/message-queue/ports/index.js';
import { BUILT_IN_QUEUES } from '../../src/message-queue/queues/index.js';
import type { JobReceipt } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestPostgres } from '../support/postgres-server.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { ContentWatch, MARKER, placesInRedis } from './content-watch.fixture.js';

const content = `${MARKER} meet me at the harbour`;
const createdAt = new Date('2026-01-01T00:00:00Z');
const once = { attempts: 1 };
const keys = `k-1:${randomBytes(32).toString('base64')}`;

/** Tables with a text column; each refuses a row by quoting it, as a constraint or trigger of the host's may. */
const QUOTING = `
  CREATE OR REPLACE FUNCTION quote_row() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'refused %', COALESCE(NEW, OLD) USING DETAIL = COALESCE(NEW, OLD)::text; END $$`;
const quoting = (table: string): string =>
  `CREATE OR REPLACE TRIGGER quoting BEFORE INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION quote_row()`;

/** Answers what it was sent: 200 to "friend", 400 to everyone else. */
async function echoServer(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/friend' ? 200 : 400, { 'x-echo': MARKER });
    request.pipe(response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

let postgres: TestPostgres;
let redis: TestRedis;
beforeAll(async () => {
  [postgres, redis] = [await TestPostgres.start(), await TestRedis.start()];
});
afterAll(async () => {
  await postgres.stop();
  await redis.stop();
});

describe.each(['memory', 'redis'] as const)('the content of jobs of all queues, provider %s', (provider) => {
  const apps = new HostApps();
  const watch = new ContentWatch();
  let echo: Awaited<ReturnType<typeof echoServer>>;
  let database: string;
  let app: INestApplication;
  let service: MessageQueueService;

  beforeAll(async () => {
    watch.listen();
    echo = await echoServer();
    database = await postgres.createDatabase();
    const templates = {
      news: { text: '{{ what }}' },
      broken: { text: '{% for n in (1..9999999) %}{{ what }}{% endfor %}' },
    };
    const adapters = [
      ...sqlStoreAdapters({ url: database }),
      ...webhookAdapters({
        endpointOf: (recipient) => ({ url: `${echo.url}/${recipient}`, secrets: ['0123456789abcdef'] }),
        ...{ allowHttp: true, allowPrivateAddresses: true },
      }),
      { provide: KeyProvider, useFactory: () => new EnvironmentKeyProvider({ keys }) },
      { provide: TemplateRenderer, useFactory: () => new LiquidTemplateRenderer({ templates }) },
    ];
    const connection = { host: '127.0.0.1', port: redis.port };
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider, redis: connection, prefix: 'leaks', adapters },
          // Content must be nowhere but in payloads even where those can be read.
          privacy: { sealing: 'off' },
          queues: {
            [QueueName.MESSAGE_NOTIFICATION]: {
              flow: { jobs: { 'send-digest': { batch: { size: 2, waitMs: 50 } } } },
            },
          },
        }),
      ],
    });
    watch.follow(app);
    service = app.get(MessageQueueService);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await apps.close();
    echo.server.closeAllConnections();
    await new Promise((resolve) => echo.server.close(resolve));
  });

  async function tracesOf(...receipts: Promise<JobReceipt>[]): Promise<string[]> {
    return Promise.all((await Promise.all(receipts)).map((receipt) => watch.tracesOf(app, receipt)));
  }

  const message = {
    messageId: 'm-1',
    senderId: 'ana',
    recipientId: 'friend',
    conversationId: 'c-1',
    content,
  };
  const delivery = { ...message, requiresEncryption: false, createdAt };
  const indexing = { messageId: 'm-1', senderId: 'ana', conversationId: 'c-1', content, createdAt };
  const batch = { senderId: 'ana', recipientIds: ['friend', 'foe'], createdAt };
  const note = { recipientId: 'friend', type: 'in_app', createdAt } as const;
  const cleanup = { cleanupType: 'old_messages', retentionDays: 1, createdAt } as const;

  it('shows in nothing that jobs leave behind when all is well', async () => {
    const all = await tracesOf(
      service.addMessageDeliveryJob(delivery),
      service.addMessageDeliveryJob({ ...delivery, messageId: 'm-2', requiresEncryption: true }),
      service.addNotificationJob({ ...note, title: content, message: content }),
      service.addNotificationJob({ ...note, template: 'news', variables: { what: content } }),
      service.addIndexingJob({ ...indexing, operation: 'index' }),
      service.addEncryptionJob({ messageId: 'm-1', operation: 'encrypt', content, createdAt }),
      service.addBatchMessageJob({ ...batch, batchId: 'b-1', content }),
    );
    for (const traces of all) expect(traces).toContain('"failedReason":null');
    all.push(
      ...(await tracesOf(service.addEncryptionJob({ messageId: 'm-1', operation: 'decrypt', createdAt }))),
    );
    expect(all.join()).not.toContain(MARKER);
    expect((await app.get(MessageStore).find('m-1'))?.content).toContain(MARKER);
  });

  it('shows in no failure, though services, templates and the database quote it', async () => {
    const all = await tracesOf(
      service.addMessageDeliveryJob({ ...delivery, messageId: 'm-3', recipientId: 'foe' }, once),
      service.addNotificationJob({ ...note, template: 'broken', variables: { what: content } }, once),
      service.addEncryptionJob(
        { messageId: 'm-1', operation: 'encrypt', keyId: 'k-9', content, createdAt },
        once,
      ),
    );
    const found = await waitUntil(async () => {
      const status = await app.get(MessageStore).findStatus('m-3', 'foe');
      return status?.status === 'failed' ? status : null;
    }, 'the failure to be recorded');
    expect(found.failureReason).not.toContain(MARKER);
    // A clean-up goes by when they were received.
    await postgres.query('UPDATE mq_messages SET received_at = created_at', database);
    await postgres.query(QUOTING, database);
    for (const table of ['messages', 'search_documents', 'encrypted_contents', 'notification_inbox']) {
      await postgres.query(quoting(`mq_${table}`), database);
    }
    all.push(
      ...(await tracesOf(
        service.addMessageDeliveryJob({ ...delivery, messageId: 'm-4' }, once),
        service.addNotificationJob({ ...note, title: content, message: content }, once),
        service.addIndexingJob({ ...indexing, operation: 'update', updatedAt: new Date() }, once),
        service.addIndexingJob({ ...indexing, operation: 'delete', content: undefined }, once),
        service.addEncryptionJob({ messageId: 'm-9', operation: 'encrypt', content, createdAt }, once),
        service.addCleanupJob(cleanup, once),
      )),
    );
    for (const traces of all) expect(traces).not.toContain('"failedReason":null');
    // Values that cannot fill the template fail the recipients they are for, not the batch.
    const template = { ...batch, template: 'broken', variables: { what: content } };
    const [left = ''] = await tracesOf(service.addBatchMessageJob(template, once));
    expect(left).toContain('"sent":0,"failed":2');
    all.push(left);
    expect(all.join()).toContain('SQL');
    expect(all.join()).not.toContain(MARKER);
  });

  it('shows in no error of a call with a wrong payload, and in no dead letter of a job that came by another way', async () => {
    const wrong = { createdAt: 'never', priority: content, messageId: 7 };
    const calls: Promise<unknown>[] = [
      service.addMessageDeliveryJob({ ...delivery, ...wrong } as never),
      service.addMessageDeliveryJob({ ...delivery, content: { text: content } } as never),
      service.addMessageDeliveryJob({ ...delivery, content: content.repeat(50_000) }),
      service.addNotificationJob({ ...note, title: content.repeat(50), message: content }),
      service.addNotificationJob({ ...note, type: content } as never),
      service.addNotificationJob({ ...note, template: content }),
      service.addIndexingJob({ ...indexing, operation: content } as never),
      service.addEncryptionJob({
        messageId: 'm',
        operation: 'encrypt',
        content: [content],
        createdAt,
      } as never),
      service.addBatchMessageJob({ ...batch, content, chunkSize: content } as never),
      service.addCleanupJob({ ...cleanup, retentionDays: content } as never),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome.status).toBe('rejected');
      expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain(MARKER);
    }
    const jobs = await Promise.all(
      BUILT_IN_QUEUES.flatMap(({ name, jobs }) =>
        Object.keys(jobs).map((job) => app.get<Queue>(getQueueToken(name)).add(job, { content, ...wrong })),
      ),
    );
    const all = await Promise.all(
      jobs.map(({ queue, id }) => watch.tracesOf(app, { queue: queue.name, id: String(id) })),
    );
    for (const traces of all) expect(traces).not.toContain('"failedReason":null');
    expect(all.join()).not.toContain(MARKER);
  });

  it('was in nothing that was logged, printed, announced or, besides payloads, kept in Redis meanwhile', async () => {
    expect(watch.events.length).toBeGreaterThan(20);
    expect(JSON.stringify([apps.logger.lines, watch.printed, watch.events])).not.toContain(MARKER);
    if (provider === 'memory') return;
    const { payloads, others } = await placesInRedis(redis.port);
    expect(payloads).toBeGreaterThan(15);
    expect(others).toEqual([]);
  });
});
