import type { INestApplication } from '@nestjs/common';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import {
  BatchIncompleteError,
  InvalidJobOptionsError,
  InvalidPayloadError,
  MessageQueueModule,
  MessageQueueService,
  QueueFullError,
  QueueName,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { MessageStore } from '../../src/message-queue/ports/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const createdAt = new Date();

const recipients = (count: number): string[] => Array.from({ length: count }, (_, index) => `user-${index}`);

describe.each(['memory', 'redis'] as const)('batches on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefixes = 0;
  let app: INestApplication;
  let service: MessageQueueService;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });

  afterEach(() => apps.close());

  afterAll(async () => {
    await redis?.stop();
  });

  async function start(more: MessageQueueModuleOptions = {}): Promise<void> {
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          // What is looked at is how large payloads are, and to whom.
          privacy: { sealing: 'off' },
          provider,
          prefix: `batch-${(prefixes += 1)}`,
          autoStart: false,
          ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
          ...more,
        }),
      ],
    });
    service = app.get(MessageQueueService);
  }

  const waiting = async (): Promise<number> =>
    (await service.getQueueMetrics()).queues[QueueName.BATCH_MESSAGE_SENDING]?.waiting ?? -1;

  it('makes one job of an audience that fits', async () => {
    await start();
    const receipt = await service.addBatchMessageJob({
      senderId: 's',
      recipientIds: recipients(5_000),
      content: 'Hello',
      createdAt,
    });
    expect(receipt.segments).toHaveLength(1);
    expect(receipt.batchId).toBe(receipt.id);
    expect(await waiting()).toBe(1);
  });

  it('splits a larger one into jobs that share a batch id, and adds none twice', async () => {
    await start();
    const payload = { senderId: 's', recipientIds: recipients(12_001), content: 'Hello', createdAt };
    const receipt = await service.addBatchMessageJob(payload, { idempotencyKey: 'news-1' });
    expect(receipt.segments).toHaveLength(3);
    expect(receipt).toMatchObject({ id: receipt.segments[0]?.id, deduplicated: false });
    const jobs = await Promise.all(
      receipt.segments.map(({ id }) => service.getJob(QueueName.BATCH_MESSAGE_SENDING, id)),
    );
    const data = jobs.map((job) => job?.data as { batchId: string; segment: number; recipientIds: string[] });
    expect(data.map(({ segment }) => segment)).toEqual([0, 1, 2]);
    expect(new Set(data.map(({ batchId }) => batchId))).toEqual(new Set([receipt.batchId]));
    expect(data.flatMap(({ recipientIds }) => recipientIds)).toEqual(payload.recipientIds);

    const again = await service.addBatchMessageJob(payload, { idempotencyKey: 'news-1' });
    expect(again).toMatchObject({ batchId: receipt.batchId, deduplicated: true });
    expect(await waiting()).toBe(3);
  });

  it('counts nobody twice whose repeats would fall into different jobs', async () => {
    await start();
    const recipientIds = [...recipients(5_001), ...recipients(5_001)];
    const receipt = await service.addBatchMessageJob({
      senderId: 's',
      recipientIds,
      content: 'x',
      createdAt,
    });
    const jobs = await Promise.all(
      receipt.segments.map(({ id }) => service.getJob(QueueName.BATCH_MESSAGE_SENDING, id)),
    );
    const named = jobs.map((job) => (job?.data as { recipientIds: string[] }).recipientIds);
    expect(named.map(({ length }) => length)).toEqual([5_000, 1]);
    expect(new Set(named.flat()).size).toBe(5_001);
  });

  it('splits by size too, so that no payload is larger than its queue allows', async () => {
    await start({ queues: { 'batch-message-sending': { maxPayloadBytes: 20_000 } } });
    const recipientIds = recipients(1_000);
    const recipientVariables = Object.fromEntries(recipientIds.map((id) => [id, { name: `Name of ${id}` }]));
    const receipt = await service.addBatchMessageJob({
      senderId: 's',
      recipientIds,
      template: 'news',
      recipientVariables,
      createdAt,
    });
    expect(receipt.segments.length).toBeGreaterThan(2);
    const seen: string[] = [];
    for (const { id } of receipt.segments) {
      const data = (await service.getJob(QueueName.BATCH_MESSAGE_SENDING, id))?.data as {
        recipientIds: string[];
        recipientVariables: object;
      };
      expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThanOrEqual(20_000);
      expect(Object.keys(data.recipientVariables)).toEqual(data.recipientIds);
      seen.push(...data.recipientIds);
    }
    expect(seen).toEqual(recipientIds);
  });

  it('adds nothing when any part is wrong', async () => {
    await start();
    const recipientIds = [...recipients(9_999), ''];
    const wrong = service.addBatchMessageJob({ senderId: 's', recipientIds, content: 'x', createdAt });
    await expect(wrong).rejects.toThrow(InvalidPayloadError);
    const scheduled = service.addBatchMessageJob(
      { senderId: 's', recipientIds: recipients(6_000), content: 'x', createdAt },
      { repeat: { cron: '0 2 * * *' } },
    );
    await expect(scheduled).rejects.toThrow(InvalidJobOptionsError);
    await expect(service.addBatchMessageJob(null as never)).rejects.toThrow(InvalidPayloadError);
    await expect(service.addBatchMessageJob({} as never)).rejects.toThrow(InvalidPayloadError);
    expect(await waiting()).toBe(0);
  });

  it('says how to go on when only a part was added', async () => {
    await start({ queues: { 'batch-message-sending': { maxWaiting: 2 } } });
    const payload = { senderId: 's', recipientIds: recipients(16_000), content: 'x', createdAt };
    const error = (await service
      .addBatchMessageJob(payload)
      .catch((reason: unknown) => reason)) as BatchIncompleteError;
    expect(error).toBeInstanceOf(BatchIncompleteError);
    expect(error).toMatchObject({ code: 'BATCH_INCOMPLETE', added: 2, cause: expect.any(QueueFullError) });
    // Room again, as when workers have finished them: a purge would forget that they were added.
    const { queue } = app.get(ManagedQueues).get(QueueName.BATCH_MESSAGE_SENDING);
    await Promise.all((await queue.getJobs(['waiting'])).map((job) => job.remove()));
    const rest = await service.addBatchMessageJob({ ...payload, batchId: error.batchId });
    expect(rest.segments.map(({ deduplicated }) => deduplicated)).toEqual([true, true, false, false]);
  });

  it('stops a batch that is cancelled between two chunks', async () => {
    await start();
    await app.get(MessageQueueWorker).start();
    const { id, batchId } = await service.addBatchMessageJob({
      ...{ senderId: 's', recipientIds: recipients(30), content: 'x', createdAt },
      ...{ chunkSize: 10, chunkDelay: 60_000 },
    });
    await waitUntil(async () => (await service.getBatchStatus(batchId))?.chunksDone === 1, 'a chunk');
    await service.cancelJob(QueueName.BATCH_MESSAGE_SENDING, id, 'written too early');
    const dead = await waitUntil(async () => {
      const [first] = await service.getFailedJobs(QueueName.BATCH_MESSAGE_SENDING, 10);
      return first;
    }, 'the batch to end');
    expect(JSON.stringify(dead)).toContain('written too early');
    expect(await service.getBatchStatus(batchId)).toMatchObject({
      chunksDone: 1,
      totalChunks: 3,
      queued: 10,
    });
    const { queue } = app.get(ManagedQueues).get(QueueName.MESSAGE_DELIVERY);
    const counts = await queue.getJobCounts();
    expect(Object.values({ ...counts }).reduce((sum: number, count) => sum + count, 0)).toBe(10);
  });

  it('tells how far a batch is', async () => {
    await start();
    const recipientIds = ['a', 'b', 'c', 'a'];
    const receipt = await service.addBatchMessageJob({
      senderId: 's',
      recipientIds,
      content: 'x',
      chunkSize: 2,
      createdAt,
    });
    expect(await service.getBatchStatus(receipt.batchId)).toBeNull();
    await app.get(MessageQueueWorker).start();
    await waitUntil(async () => {
      const status = await service.getBatchStatus(receipt.batchId);
      return status !== null && status.sent + status.delivered === 3;
    }, 'the deliveries');
    expect(await service.getBatchStatus(receipt.batchId)).toMatchObject({
      ...{ batchId: receipt.batchId, recipients: 4, segments: 1, chunksDone: 2, totalChunks: 2 },
      ...{ queued: 3, skipped: 1, pending: 0, failed: 0 },
    });
    expect(app.get(MessageStore)).toBeDefined();
  });
});
