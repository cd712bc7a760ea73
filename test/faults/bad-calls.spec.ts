import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import { Redis } from 'ioredis';
import {
  defineQueue,
  getQueueToken,
  MessageQueueError,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import { DeadLetterService, MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { BAD_CALLS, DELIVERY, MESSAGE, WAITING_ID } from './bad-calls.table.js';
import type { BadCallBench } from './bad-calls.table.js';

describe('the table of bad calls', () => {
  it('has at least 200 rows, each with a name of its own', () => {
    expect(BAD_CALLS.length).toBeGreaterThanOrEqual(200);
    expect(new Set(BAD_CALLS.map(({ name }) => name)).size).toBe(BAD_CALLS.length);
  });
});

async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return null;
  } catch (error) {
    return error;
  }
}

describe.each(['memory', 'redis'] as const)('bad calls on the %s provider', (provider) => {
  const apps = new HostApps();
  const extra = new HostApps();
  let options: MessageQueueModuleOptions = { provider, autoStart: false };
  let redis: TestRedis | undefined;
  let client: Redis | undefined;
  let app: INestApplication;
  let service: MessageQueueService;
  let bench: BadCallBench;

  beforeAll(async () => {
    if (provider === 'redis') {
      redis = await TestRedis.start();
      client = new Redis(redis.url);
      options = { ...options, redis: { url: redis.url } };
    }
    // No worker yet: whatever appears in a queue came from a bad call.
    app = await apps.start({ imports: [MessageQueueModule.forRoot(options)] });
    service = app.get(MessageQueueService);
    bench = {
      facade: app.get<MessageQueueService, BadCallBench['facade']>(MessageQueueService),
      letters: app.get<DeadLetterService, BadCallBench['letters']>(DeadLetterService),
      worker: app.get<MessageQueueWorker, BadCallBench['worker']>(MessageQueueWorker),
      injected: app.get(getQueueToken(DELIVERY)),
      register: (settings) =>
        extra.start({
          imports: [
            MessageQueueModule.forRoot(options),
            MessageQueueModule.registerQueue(defineQueue(settings as never)),
          ],
        }),
    };
    await service.addMessageDeliveryJob({ ...MESSAGE }, { jobId: WAITING_ID });
  });

  afterEach(() => extra.close());

  afterAll(async () => {
    await apps.close();
    client?.disconnect();
    await redis?.stop();
  });

  /** All that a call could have changed: every key and what it holds, or every queue's counts. */
  async function everything(): Promise<unknown> {
    const queues = Object.values(QueueName).map((name) => app.get<Queue>(getQueueToken(name)));
    const counts = await Promise.all(
      queues.map(async (queue) => ({ ...(await queue.getJobCounts()), paused: await queue.isPaused() })),
    );
    const keys = client === undefined ? [] : await client.keys('*');
    // Beside the queues a broker notes the state of its Redis and of the fleet, refused calls too, when it likes.
    return { counts, keys: keys.filter((key) => !/:mq-[a-z]+$|:\{ops\}:/.test(key)).sort() };
  }

  it.each(BAD_CALLS.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    const before = await everything();
    const error = await failureOf(() => row.call(bench));
    expect(error).toBeInstanceOf(MessageQueueError);
    const { code, message } = error as MessageQueueError;
    expect({ code, message }).toEqual({ code: row.code, message: expect.stringContaining(row.says) });
    expect(await everything()).toEqual(before);
  });

  it('runs good jobs afterwards: no queue is wedged', async () => {
    const createdAt = new Date();
    const receipts = await Promise.all([
      service.addMessageDeliveryJob({ ...MESSAGE }),
      service.addNotificationJob({ recipientId: 'ben', type: 'push', title: 'Hi', message: 'Hi', createdAt }),
      service.addIndexingJob({
        ...{ messageId: 'm-1', operation: 'index' as const, content: 'Hi', senderId: 'ada' },
        ...{ conversationId: 'c-1', createdAt },
      }),
      service.addEncryptionJob({ messageId: 'm-1', operation: 'encrypt', content: 'Hi', createdAt }),
      service.addBatchMessageJob({ senderId: 'ada', recipientIds: ['ben'], content: 'Hi', createdAt }),
      service.addCleanupJob({ cleanupType: 'old_messages', retentionDays: 90, createdAt }),
    ]);
    await app.get(MessageQueueWorker).start();
    for (const { queue, id } of [...receipts, { queue: DELIVERY, id: WAITING_ID }]) {
      await waitUntil(
        async () => (await service.getJobStatus(queue, id)).state === 'completed',
        `job ${id} of ${queue}`,
      );
    }
  });
});
