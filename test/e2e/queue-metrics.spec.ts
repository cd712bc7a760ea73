import { IsInt } from 'class-validator';
import type { Redis } from 'ioredis';
import { defineQueue, MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { RedisTap } from '../support/redis-tap.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';

class CountedDto {
  @IsInt() n!: number;
}

const QUEUES = Array.from({ length: 14 }, (_, i) =>
  defineQueue({
    ...{ name: `counted-${i + 1}`, description: 'Nobody works on it.', jobs: { run: CountedDto } },
    ...{ concurrency: 1, attempts: 1, timeoutMs: 1_000, backoff: { type: 'fixed', delayMs: 1 } },
  }),
);
const [FULL] = QUEUES as [(typeof QUEUES)[0]];
const BACKLOG = 5_000;
/** One for the counts of all queues, one for the rest. */
const QUESTIONS = 2;

describe('getQueueMetrics of 14 queues', () => {
  const apps = new HostApps();
  let redis: TestRedis;
  let proxy: TcpProxy;
  let admin: Redis;
  let service: MessageQueueService;

  beforeAll(async () => {
    redis = await TestRedis.start();
    admin = redis.client();
    proxy = await TcpProxy.start(redis.port);
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis' as const, redis: { host: '127.0.0.1', port: proxy.port } },
          ...{ builtInQueues: false as const, environment: 'test', role: 'producer' as const },
          // What is told of itself comes before the first question only.
          operations: { activity: { flushMs: 60_000 } },
        }),
        ...QUEUES.map((queue) => MessageQueueModule.registerQueue(queue)),
      ],
    });
    service = app.get(MessageQueueService);
    await service.getQueueMetrics();
  });
  afterAll(async () => {
    await apps.close();
    admin.disconnect();
    await proxy.stop();
    await redis.stop();
  });

  it('is one piece on the wire: all questions leave together, before any answer', async () => {
    const tap = await RedisTap.on(redis.client());
    const asked = async (): Promise<number> => (await tap.text()).match(/"evalsha" /g)?.length ?? 0;
    proxy.swallowReplies();
    const [before, pieces] = [await asked(), proxy.requests];
    const asking = Promise.all([service.getQueueMetrics(), service.getQueueMetrics()]);
    let sent = 0;
    try {
      await waitUntil(async () => (await asked()) - before === QUESTIONS, 'all questions to arrive', 5_000);
      sent = proxy.requests - pieces;
    } finally {
      proxy.heal();
      proxy.cut();
    }
    expect(sent).toBe(1);
    const [metrics] = await asking;
    expect(Object.keys(metrics.queues)).toHaveLength(QUEUES.length);
    tap.close();
  });

  it('asks as much of Redis with nothing waiting as with thousands', async () => {
    const commands = async (): Promise<Record<string, number>> => {
      await admin.config('RESETSTAT');
      await service.getQueueMetrics();
      const stats = await admin.info('commandstats');
      const calls = [...stats.matchAll(/cmdstat_(?!info|config|ping)([^:]+):calls=(\d+)/g)];
      return Object.fromEntries(calls.map(([, name = '', count]) => [name, Number(count)]));
    };
    // A queue with one job is looked at as one with thousands is.
    for (const queue of QUEUES) await service.enqueue(queue, 'run', { n: 0 });
    await service.getQueueMetrics();
    const few = await commands();
    const jobs = Array.from({ length: BACKLOG }, (_, n) => ({ payload: { n } }));
    for (const { outcome } of await service.enqueueMany(FULL, 'run', jobs)) expect(outcome).toBe('added');
    expect((await service.getQueueMetrics()).queues[FULL.name]?.waiting).toBe(BACKLOG + 1);
    expect(await commands()).toEqual(few);
    expect(few['evalsha']).toBe(QUESTIONS);
  });
});
