import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import { IsString } from 'class-validator';
import type { Job, Queue } from 'bull';
import type { Redis } from 'ioredis';
import {
  defineQueue,
  getQueueToken,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

const HOUR_MS = 3_600_000;
/** By then the locks of the dead worker have expired; a new one looks for its jobs every 100 ms. */
const LOCK_LEFT_MS = 200;

class OrderDto {
  @IsString()
  fate!: string;
}

/** As in make-earlier-store.cjs. */
const orderQueue = <Name extends string>(name: Name) =>
  defineQueue({
    ...{ name, description: 'Orders.', jobs: { order: OrderDto }, concurrency: 10, attempts: 3 },
    ...{ backoff: { type: 'fixed', delayMs: HOUR_MS }, timeoutMs: 60_000 },
  });
const [ORDERS, PAUSED] = [orderQueue('orders'), orderQueue('paused-orders')];

interface Ran {
  readonly id: string;
  readonly fate: string;
  readonly attempt: number;
}
const ran: Ran[] = [];

@Processor('orders')
class OrderProcessor {
  @JobHandler('order')
  order({ fate }: OrderDto, { jobId: id, attempt }: JobContext): void {
    ran.push({ id, fate, attempt });
  }
}

@Processor('paused-orders')
class PausedProcessor extends OrderProcessor {
  @JobHandler('order')
  override order(payload: OrderDto, context: JobContext): void {
    super.order(payload, context);
  }
}

interface StoredKey {
  readonly type: string;
  readonly ttlMs: number;
  readonly content: string | string[] | Record<string, string>;
}

/** The store as make-earlier-store.cjs left it, as if that had been three seconds ago. */
function earlierStore(): { readonly prefix: string; readonly keys: [string, StoredKey][] } {
  const text = readFileSync(join(__dirname, 'earlier-store.json'), 'utf8');
  const passed = Date.now() - 3_000 - (JSON.parse(text) as { madeAt: number }).madeAt;
  const later = text.replace(/\b1[789]\d{11}\b/g, (at) => String(Number(at) + passed));
  const { prefix, keys } = JSON.parse(later) as { prefix: string; keys: Record<string, StoredKey> };
  for (const [key, { content }] of Object.entries(keys)) {
    if (!key.endsWith(':delayed') || !Array.isArray(content)) continue;
    // Due times are kept in 1/4096 of a millisecond.
    for (let i = 1; i < content.length; i += 2) content[i] = String(Number(content[i]) + passed * 0x1000);
  }
  return { prefix, keys: Object.entries(keys) };
}

async function write(client: Redis, key: string, { type, ttlMs, content }: StoredKey): Promise<void> {
  if (typeof content === 'string') await client.set(key, content);
  else if (!Array.isArray(content)) await client.hset(key, content);
  else if (type === 'list') await client.rpush(key, ...content);
  else if (type === 'set') await client.sadd(key, ...content);
  else {
    const scores = content.filter((_, i) => i % 2 === 1);
    await client.zadd(key, ...scores.flatMap((score, i) => [score, content[2 * i] ?? '']));
  }
  if (ttlMs > 0) await client.pexpire(key, key.endsWith(':lock') ? LOCK_LEFT_MS : ttlMs);
}

describe('a store of the version before lanes, with jobs in every state', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let client: Redis;
  let app: INestApplication;
  let service: MessageQueueService;
  let queue: Queue;
  /** Ids of keyed jobs by their key. */
  const keyed = new Map<string, string>();

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
    const { prefix, keys } = earlierStore();
    for (const [key, stored] of keys) await write(client, key, stored);
    for (const [, { content }] of keys) {
      if (typeof content !== 'object' || Array.isArray(content)) continue;
      const { jobId, mq } = JSON.parse(content.opts ?? '{}') as {
        jobId?: string;
        mq?: { idempotencyKey?: string };
      };
      if (mq?.idempotencyKey !== undefined) keyed.set(mq.idempotencyKey, jobId ?? '');
    }
    const start = (): Promise<INestApplication> =>
      apps.start({
        imports: [
          MessageQueueModule.forRoot({
            ...{ provider: 'redis', prefix, redis: { url: redis.url }, builtInQueues: false },
            lock: { durationMs: 5_000, renewMs: 500, stalledCheckMs: 100 },
          }),
          MessageQueueModule.registerQueue(ORDERS),
          MessageQueueModule.registerQueue(PAUSED),
        ],
        providers: [OrderProcessor, PausedProcessor],
      });
    // Two workers share it, so that what is doubled would run twice.
    [app] = await Promise.all([start(), start()]);
    service = app.get(MessageQueueService);
    queue = app.get<Queue>(getQueueToken('orders'), { strict: false });
  });
  afterAll(async () => {
    await apps.close();
    client.disconnect();
    await redis.stop();
  });

  const idsOf = (fate: string): string[] => ran.filter((run) => run.fate === fate).map(({ id }) => id);
  const numbered = (fate: string, count: number, first = 0): string[] =>
    Array.from({ length: count }, (_, n) => `${fate}-${n + first}`);
  const idOfKey = (key: string): string => keyed.get(key) ?? '';

  /** Waits until nothing of the queue is left to run. */
  async function isQuiet(name = 'orders'): Promise<boolean> {
    const stats = (await service.getQueueMetrics()).queues[name];
    return stats !== undefined && stats.waiting + stats.active === 0;
  }
  const ranOnce = async (fate: string, ids: string[], name?: string): Promise<void> => {
    await waitUntil(
      async () => idsOf(fate).length >= ids.length && (await isQuiet(name)),
      `the runs of ${fate}`,
    );
    expect(idsOf(fate).sort()).toEqual(ids.sort());
  };

  it('runs each waiting job once', async () => {
    await ranOnce('waiting', [...numbered('waiting', 20), idOfKey('waiting-key')]);
  });

  it('runs each job again whose worker died, and counts that as a crash', async () => {
    await ranOnce('active', numbered('active', 3, 1));
    for (const id of numbered('active', 3, 1)) {
      expect(await client.hget(queue.toKey(id), 'mqCrashes')).toContain('WorkerCrashed');
    }
  });

  it('runs each delayed job once, when it is due', async () => {
    await ranOnce('delayed', ['delayed-soon', idOfKey('delayed-key')]);
    const delayed = (await queue.getDelayed()).map(({ id }) => String(id));
    expect(delayed.filter((id) => !id.startsWith('repeat:')).sort()).toEqual([
      'delayed-later',
      ...numbered('retry', 3, 1),
    ]);
    for (const id of ['delayed-later', ...numbered('retry', 3, 1)]) await (await queue.getJob(id))?.promote();
    await ranOnce('retry', numbered('retry', 3, 1));
    expect(ran.filter(({ fate }) => fate === 'retry').map(({ attempt }) => attempt)).toEqual([2, 2, 2]);
    await ranOnce('delayed', ['delayed-soon', 'delayed-later', idOfKey('delayed-key')]);
  });

  it('keeps the schedules, each with one run to come', async () => {
    const pending = async (): Promise<Job[]> =>
      (await queue.getDelayed()).filter(({ id }) => String(id).startsWith('repeat:'));
    expect(await queue.getRepeatableCount()).toBe(2);
    const runs = await pending();
    expect(runs).toHaveLength(2);
    await Promise.all(runs.map((run) => run.promote()));
    await ranOnce(
      'schedule',
      runs.map(({ id }) => String(id)),
    );
    expect(await queue.getRepeatableCount()).toBe(2);
    const next = await pending();
    expect(next).toHaveLength(2);
    expect(next.map(({ id }) => id)).not.toEqual(runs.map(({ id }) => id));
  });

  it('runs no completed job again, and counts them', async () => {
    expect(idsOf('completed')).toEqual([]);
    expect((await queue.getCompletedCount()) - ran.filter(({ id }) => !id.startsWith('paused')).length).toBe(
      4,
    );
    expect((await queue.getJob('completed-1'))?.finishedOn).toBeLessThan(Date.now() - 2_000);
  });

  it.each(['completed', 'waiting', 'delayed', 'dead'])('still knows the key of a %s job', async (fate) => {
    const receipt = await service.enqueue(ORDERS, 'order', { fate }, { idempotencyKey: `${fate}-key` });
    expect(receipt).toMatchObject({ deduplicated: true, id: idOfKey(`${fate}-key`) });
  });

  it('lists its dead letters, and replays each once', async () => {
    const dead = [...numbered('dead', 3, 1), idOfKey('dead-key')];
    const letters = await service.getFailedJobs('orders');
    expect(letters.map(({ id }) => id).sort()).toEqual([...dead].sort());
    for (const letter of letters) expect(JSON.stringify(letter)).toContain('no such article');
    expect(idsOf('dead')).toEqual([]);
    await service.retryFailedJobs('orders');
    await ranOnce('dead', dead);
    expect(await service.getFailedJobs('orders')).toEqual([]);
  });

  it('stays paused, and runs each job once when it is resumed', async () => {
    expect(idsOf('paused')).toEqual([]);
    const { queues } = await service.getQueueMetrics();
    expect(queues['paused-orders']).toMatchObject({ isPaused: true, paused: 5 });
    await service.resumeQueue('paused-orders');
    await ranOnce('paused', numbered('paused', 5), 'paused-orders');
  });

  it('has nothing left and nothing twice in the end', async () => {
    const ids = ran.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) < i)).toEqual([]);
    expect(await queue.getCompletedCount()).toBe(4 + ran.length - 5);
    for (const name of ['orders', 'paused-orders'])
      expect(
        await client.exists(
          ...['wait', 'paused', 'active', 'priority', 'mq:lanes', 'mq:waiting'].map(
            (key) => `earlier:${name}:${key}`,
          ),
        ),
      ).toBe(0);
  });
});
