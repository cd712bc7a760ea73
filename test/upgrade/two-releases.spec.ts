import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { workerScript } from '../faults/process/worker-script.js';
import type { WorkerScript } from '../faults/process/worker-script.js';
import { ORDERS_1, ORDERS_2, release } from './order-releases.js';
import type { ReleaseHostSettings } from './release-host.js';

const JOBS = 1_000;
const PREFIX = 'releases';

describe('workers of two releases side by side', () => {
  const apps = new HostApps();
  const children = new Set<ChildProcess>();
  let redis: TestRedis;
  let client: Redis;
  let script: WorkerScript;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
    script = workerScript('release-host', 'test/upgrade');
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await apps.close();
    client.disconnect();
    await redis.stop();
    script.remove();
  });

  async function worker(number: 1 | 2): Promise<ChildProcess> {
    const settings: ReleaseHostSettings = { port: redis.port, prefix: PREFIX, release: number };
    const env = { ...process.env, NODE_PATH: script.nodePath };
    const child = fork(script.file, [JSON.stringify(settings)], { env, execArgv: [] });
    children.add(child);
    await once(child, 'message');
    return child;
  }

  async function stop(child: ChildProcess | undefined): Promise<void> {
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    children.delete(child);
  }

  async function producer(number: 1 | 2): Promise<MessageQueueService> {
    const { orders } = release(number, () => undefined);
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis', prefix: PREFIX, redis: { url: redis.url }, builtInQueues: false },
          role: 'producer',
        }),
        MessageQueueModule.registerQueue(orders),
      ],
    });
    return app.get(MessageQueueService);
  }

  it('run each job of a new name and of a newer payload once, by the new one, while both come and go', async () => {
    const [first, second] = [await producer(1), await producer(2)];
    const old = [await worker(1), await worker(1)];
    const numbers = Array.from({ length: JOBS }, (_, n) => n);
    const refunds = numbers.map((n) => ({ payload: { order: `order-${n}` } }));
    const places = numbers.map((n) => ({
      payload: { article: `article-${n}`, speed: 'express', amount: n },
    }));
    const earlier = numbers
      .slice(0, 100)
      .map((n) => ({ payload: { article: `article-${n}`, speed: 'fast' } }));
    const receipts = [
      ...(await second.enqueueMany(ORDERS_2, 'refund', refunds)),
      ...(await second.enqueueMany(ORDERS_2, 'place', places)),
      ...(await first.enqueueMany(ORDERS_1, 'place', earlier)),
    ];
    expect(receipts.every(({ outcome }) => outcome === 'added')).toBe(true);
    const ids = receipts.map((receipt) => ('id' in receipt ? receipt.id : ''));
    const unknown = async (): Promise<number> =>
      (await second.getQueueHealth('orders')).stats?.unknown.count ?? 0;
    await waitUntil(async () => (await unknown()) === 2 * JOBS, 'all new jobs to be passed on', 60_000);
    expect((await second.getQueueHealth('orders')).reasons.map(({ code }) => code)).toContain('UNKNOWN_JOBS');
    // The old ones are replaced one by one; one of the new is taken back in between.
    const recent = [await worker(2)];
    await stop(old.shift());
    await stop(recent.shift());
    old.push(await worker(1));
    recent.push(await worker(2), await worker(2));
    await stop(old.shift());
    old.push(await worker(1));
    await stop(old.shift());
    const ran = async (): Promise<string[]> => client.lrange('ran', 0, -1);
    await stop(old.shift());
    await waitUntil(async () => (await ran()).length >= ids.length, 'every job to run', 100_000);
    const runs = (await ran()).map((run) => run.split(' ') as [release: string, job: string, id: string]);
    expect(runs.map(([, , id]) => id).sort()).toEqual([...ids].sort());
    const byOld = new Set(runs.filter(([by]) => by === '1').map(([, , id]) => id));
    expect(ids.slice(0, 2 * JOBS).filter((id) => byOld.has(id))).toEqual([]);
    expect(byOld.size).toBeGreaterThan(0);
    expect(await second.getFailedJobs('orders')).toEqual([]);
    await waitUntil(async () => (await second.getQueueMetrics()).totals.active === 0, 'the last ends');
    expect((await second.getQueueMetrics()).queues['orders']).toMatchObject({
      ...{ waiting: 0, delayed: 0, failed: 0, unknown: { count: 0 } },
    });
    for (const child of recent) await stop(child);
  }, 240_000);
});
