import type { INestApplication } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Broker } from '../../src/message-queue/broker/broker.js';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import {
  JobEvents,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import { BUILT_IN_QUEUES, DELIVERY_QUEUE } from '../../src/message-queue/queues/index.js';
import { MemoryBroker } from '../../src/message-queue/broker/memory/memory-broker.js';
import type { JobEventMap } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const createdAt = new Date();
const IDS = { senderId: 'ada', recipientId: 'grace', conversationId: 'c1' };

/** The table of DESIGN.md: the delays before the retries of each queue, in milliseconds, and one payload for it. */
const TABLE = [
  {
    queue: QueueName.MESSAGE_DELIVERY,
    job: 'send-message',
    payload: { messageId: 'm1', ...IDS, content: 'Hello', createdAt },
    delaysMs: [2_000, 4_000, 8_000, 16_000],
  },
  {
    queue: QueueName.MESSAGE_NOTIFICATION,
    job: 'send-notification',
    payload: { recipientId: 'grace', type: 'in_app', title: 'New', message: 'A message', createdAt },
    delaysMs: [1_000, 2_000],
  },
  {
    queue: QueueName.MESSAGE_INDEXING,
    job: 'index-message',
    payload: { messageId: 'm1', operation: 'delete', createdAt },
    delaysMs: [3_000, 6_000],
  },
  {
    queue: QueueName.MESSAGE_ENCRYPTION,
    job: 'encrypt-decrypt',
    payload: { messageId: 'm1', operation: 'encrypt', content: 'Hello', createdAt },
    delaysMs: [2_000, 4_000],
  },
  {
    queue: QueueName.BATCH_MESSAGE_SENDING,
    job: 'batch-send',
    payload: { senderId: 'ada', recipientIds: ['grace'], content: 'Hello', createdAt },
    delaysMs: [5_000, 10_000],
  },
  {
    queue: QueueName.MESSAGE_CLEANUP,
    job: 'cleanup-messages',
    payload: { cleanupType: 'old_messages', retentionDays: 90, createdAt },
    delaysMs: [10_000],
  },
] as const;

/** Middleware in the place of the handlers: what they do is not what is tested here. */
class Gate {
  running = 0;
  most = 0;
  readonly names = new Set<string>();
  private readonly waiting: (() => void)[] = [];

  async hold(jobName: string): Promise<void> {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    this.names.add(jobName);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running -= 1;
  }

  letOneGo(): void {
    this.waiting.shift()?.();
  }
}

describe.each(['memory', 'redis'] as const)('the table of queues on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefix = 0;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  const start = (run: (jobName: string) => Promise<unknown>): Promise<INestApplication> =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          environment: 'test',
          prefix: `table-${(prefix += 1)}`,
          ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
          middleware: [(context) => run(context.jobName)],
        }),
      ],
    });

  /** When the store will let the only delayed job of a queue run: Bull's scores are times · 4096. */
  const dueAt = async (app: INestApplication, queue: string): Promise<number> => {
    const broker = app.get(Broker);
    if (broker instanceof MemoryBroker) return broker.nextDueAt() ?? NaN;
    const client = new Redis({ port: redis?.port });
    const [, score] = await client.zrange(`table-${prefix}:${queue}:delayed`, 0, 0, 'WITHSCORES');
    client.disconnect();
    return Number(score) / 4096;
  };

  it('has a row for every queue', () => {
    expect(TABLE.map(({ queue }) => queue)).toEqual(BUILT_IN_QUEUES.map(({ name }) => name));
  });

  it.each(TABLE)('waits exactly as long as it says before the retries of $queue', async (row) => {
    const app = await start(() => Promise.reject(new Error('not now')));
    const retries: JobEventMap['retrying'][] = [];
    const dead: JobEventMap['deadLettered'][] = [];
    app.get(JobEvents).on('retrying', (event) => void retries.push(event));
    app.get(JobEvents).on('deadLettered', (event) => void dead.push(event));
    const { queue } = app.get(ManagedQueues).get(row.queue);
    const definition = BUILT_IN_QUEUES.find(({ name }) => name === row.queue);
    if (definition === undefined) throw new Error(`There is no queue ${row.queue}.`);
    const receipt = await app.get(MessageQueueService).enqueue(definition, row.job as never, row.payload);

    const stored: number[] = [];
    for (const count of row.delaysMs.keys()) {
      await waitUntil(() => retries.length > count, `retry ${count + 1} of ${row.queue}`);
      const delayed = await waitUntil(async () => (await queue.getDelayed())[0], 'the job to be delayed');
      stored.push((await dueAt(app, row.queue)) - Date.now());
      await delayed.promote();
    }
    await waitUntil(() => dead.length > 0, 'the dead letter');

    expect(retries.map(({ delayMs }) => delayMs)).toEqual(row.delaysMs);
    expect(dead[0]?.attempt).toBe(row.delaysMs.length + 1);
    expect(dead[0]?.jobId).toBe(receipt.id);
    // What the store was told, less the time that this test took to look.
    for (const [index, delayMs] of row.delaysMs.entries()) {
      expect(stored[index]).toBeLessThanOrEqual(delayMs);
      expect(stored[index]).toBeGreaterThan(delayMs / 2);
    }
  });

  it('runs exactly 10 deliveries at once, over both job names', async () => {
    const gate = new Gate();
    const app = await start((jobName) => gate.hold(jobName));
    const service = app.get(MessageQueueService);
    const payloads = Array.from({ length: 30 }, (_, n) => `m${n}`);
    await Promise.all(
      payloads.flatMap((messageId) => [
        service.addMessageDeliveryJob({ messageId, ...IDS, content: 'Hello', createdAt }),
        service.addDeliveryConfirmationJob({ messageId, recipientId: 'grace', status: 'read', createdAt }),
      ]),
    );
    await waitUntil(() => gate.running === DELIVERY_QUEUE.concurrency, 'ten running deliveries');
    let ended = 0;
    app.get(JobEvents).on('completed', () => void (ended += 1));
    await waitUntil(() => {
      gate.letOneGo();
      return ended === 60;
    }, 'all sixty to end');
    expect(DELIVERY_QUEUE.concurrency).toBe(10);
    expect(gate.most).toBe(10);
    expect([...gate.names].sort()).toEqual(['delivery-confirmation', 'send-message']);
  });
});
