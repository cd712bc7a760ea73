import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { socketIoAdapters } from '../../src/message-queue/adapters/socket-io/index.js';
import {
  defineQueue,
  JobHandler,
  MESSAGE_QUEUE_CONFIG,
  MessageQueueModule,
  MessageQueueService,
  Processor,
  QueueName,
  Readable,
  getQueueToken,
} from '../../src/message-queue/index.js';
import type {
  JobContext,
  MessageQueueConfig,
  MessageQueueModuleOptions,
} from '../../src/message-queue/index.js';
import { IsString } from 'class-validator';
import type { Queue } from 'bull';
import { HostApps } from '../support/host-app.js';
import { keysOf } from '../support/redis-keys.js';
import { TestRedis } from '../support/redis-server.js';
import { RedisTap } from '../support/redis-tap.js';
import { waitUntil } from '../support/wait-until.js';

/** In every content; long enough that no chance makes it. */
const MARKER = 'MARKER7f3aQUINCE';
const createdAt = new Date('2026-01-01T00:00:00Z');

class LetterDto {
  @Readable() @IsString() letterId!: string;
  @IsString() text!: string;
}

const LETTERS = defineQueue({
  name: 'letters',
  description: 'Letters with content.',
  sealed: true,
  jobs: { read: LetterDto, tear: LetterDto },
  ...{ concurrency: 1, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 5_000 },
});

@Processor(LETTERS.name)
class LetterProcessor {
  static readonly seen: string[] = [];

  @JobHandler(LETTERS, 'read')
  async read({ text }: LetterDto, { progress }: JobContext): Promise<{ echo: string }> {
    LetterProcessor.seen.push(text);
    await progress({ percentage: 50, data: { echo: text } });
    return { echo: text };
  }

  @JobHandler(LETTERS, 'tear')
  tear({ text }: LetterDto): never {
    throw new Error(`cannot tear "${text}"`);
  }
}

@Module({ imports: [MessageQueueModule.registerQueue(LETTERS)], providers: [LetterProcessor] })
class LettersModule {}

describe('Where jobs are kept', () => {
  let redis: TestRedis;
  let client: Redis;
  const apps = new HostApps();

  beforeAll(async () => {
    redis = await TestRedis.start([
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--rdbcompression', 'no'],
    ]);
    client = redis.client();
  });
  afterEach(() => apps.close());
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  /** Adds a job of each kind, runs what can run, and looks everywhere. @returns the places that hold the marker */
  async function placesWithContent(privacy: MessageQueueModuleOptions['privacy']): Promise<string[]> {
    await client.flushall();
    await client.bgrewriteaof();
    const prefix = `rest-${randomUUID()}`;
    const tap = await RedisTap.on(redis.client());
    const module = MessageQueueModule.forRoot({
      ...{ provider: 'redis', redis: { url: redis.url }, prefix, environment: 'test', privacy },
      board: { access: (_request, _response, next) => next() },
      adapters: socketIoAdapters({
        inject: [MESSAGE_QUEUE_CONFIG],
        useFactory: (config: MessageQueueConfig) => ({ redis: config.redis, prefix: config.prefix }),
      }),
    });
    const app = await apps.start({ imports: [module, LettersModule] });
    await app.listen(0, '127.0.0.1');
    await addOfEachKind(app);
    await ended(app, LETTERS.name, 2);
    await ended(app, QueueName.MESSAGE_DELIVERY, 1);
    const shown = await shownBy(app);
    await client.save();
    const [, directory = ''] = (await client.config('GET', 'dir')) as string[];
    const places: Record<string, string> = {
      ...shown,
      monitor: await tap.text(),
      keys: (await keysOf(client)).join('\n'),
      log: apps.logger.lines.join('\n'),
      ...filesBelow(directory),
    };
    tap.close();
    return Object.entries(places)
      .filter(([, text]) => text.includes(MARKER))
      .map(([place]) => place.replace(/\.\d+\./, '.'))
      .sort();
  }

  it('no content of a sealed queue is found in Redis, on its disk, on its line, on the board, in health or in the log', async () => {
    expect(await placesWithContent({ sealing: 'on' })).toEqual([]);
    expect(LetterProcessor.seen).toContain(MARKER);
  });

  it('the same look finds it where sealing is off', async () => {
    const places = await placesWithContent({ sealing: 'off' });
    expect(places).toEqual(expect.arrayContaining(['board', 'keys', 'monitor']));
    expect(places.some((place) => place.endsWith('.aof'))).toBe(true);
    expect(places.some((place) => place.endsWith('.rdb'))).toBe(true);
  });
});

async function addOfEachKind(app: INestApplication): Promise<void> {
  const queue = app.get(MessageQueueService);
  const ids = { senderId: 'ada', conversationId: 'c-1', createdAt };
  const message = { messageId: 'm-1', recipientId: 'ben', content: MARKER, ...ids };
  const tomorrow = { delay: 86_400_000 };
  await queue.addMessageDeliveryJob(message);
  await queue.addMessageDeliveryJob(
    { ...message, messageId: 'm-2' },
    { ...tomorrow, idempotencyKey: 'once' },
  );
  await queue.addMessageDeliveryJobs([{ payload: { ...message, messageId: 'm-3' }, options: tomorrow }]);
  const notification = {
    recipientId: 'ben',
    type: 'in_app' as const,
    title: MARKER,
    message: MARKER,
    createdAt,
  };
  await queue.addNotificationJob({ ...notification, messageId: 'm-1' }, tomorrow);
  await queue.addIndexingJob({ messageId: 'm-1', operation: 'index', content: MARKER, ...ids }, tomorrow);
  await queue.addEncryptionJob(
    { messageId: 'm-1', operation: 'encrypt', content: MARKER, createdAt },
    tomorrow,
  );
  await queue.addBatchMessageJob(
    { senderId: 'ada', recipientIds: ['ben'], content: MARKER, createdAt },
    tomorrow,
  );
  await queue.addCleanupJob({ cleanupType: 'old_messages', retentionDays: 1, createdAt }, tomorrow);
  await queue.enqueue(LETTERS, 'read', { letterId: 'l-1', text: MARKER });
  await queue.enqueue(LETTERS, 'tear', { letterId: 'l-2', text: MARKER });
  await queue.enqueue(LETTERS, 'read', { letterId: 'l-3', text: MARKER }, { repeat: { every: 3_600_000 } });
  const bull = app.get<Queue>(getQueueToken(LETTERS.name));
  await bull.add('read', { letterId: 'l-4', text: MARKER }, { delay: 86_400_000 });
  await bull.addBulk([
    { name: 'read', data: { letterId: 'l-5', text: MARKER }, opts: { delay: 86_400_000 } },
  ]);
}

async function ended(app: INestApplication, name: string, jobs: number): Promise<void> {
  const queue = app.get<Queue>(getQueueToken(name));
  await waitUntil(async () => {
    const { completed, failed, active } = await queue.getJobCounts();
    return active === 0 && completed + failed >= jobs;
  }, `${jobs} jobs of ${name} to end`);
}

/** What the app itself shows of its jobs. */
async function shownBy(app: INestApplication): Promise<Record<string, string>> {
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const service = app.get(MessageQueueService);
  const pages = [LETTERS.name, ...Object.values(QueueName)].flatMap((queue) =>
    ['latest', 'completed', 'failed', 'delayed'].map(async (status) => {
      const query = `activeQueue=${queue}&status=${status}&page=1&jobsPerPage=50`;
      return (await fetch(`${url}/admin/queues/api/queues?${query}`)).text();
    }),
  );
  return {
    board: (await Promise.all(pages)).join('\n'),
    health: JSON.stringify(await service.getQueueHealth(QueueName.MESSAGE_DELIVERY)),
    metrics: JSON.stringify(await service.getQueueMetrics()),
  };
}

function filesBelow(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name), 'latin1')]),
  );
}
