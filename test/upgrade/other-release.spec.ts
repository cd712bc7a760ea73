import { getQueueToken } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import type { Redis } from 'ioredis';
import {
  defineQueue,
  MessageQueueModule,
  MessageQueueService,
  schedule,
} from '../../src/message-queue/index.js';
import { recordOf } from '../../src/message-queue/jobs/managed-job.js';
import { DeadLetterService, QueueMonitor } from '../../src/message-queue/operations/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { ORDERS_1, ORDERS_2, release } from './order-releases.js';
import type { TellRun } from './order-releases.js';

const SAME_TABLE = { attempts: 3, backoff: { type: 'fixed', delayMs: 50 } } as const;

interface Given {
  readonly role?: 'producer' | 'both';
  readonly waitForVersionMs?: number;
  readonly tell?: TellRun;
  /** Declares a schedule, the same in both releases. */
  readonly isScheduled?: boolean;
}

describe('what another release left in the store', () => {
  let apps: HostApps;
  let redis: TestRedis;
  let client: Redis;
  let prefix = '';
  let cases = 0;
  /** `release job payload` of each run. */
  let ran: string[] = [];

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  beforeEach(() => {
    apps = new HostApps();
    prefix = `left-${(cases += 1)}`;
    ran = [];
  });
  afterEach(() => apps.close());
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  async function start(number: 1 | 2, given: Given = {}): Promise<INestApplication> {
    const { role = 'both', waitForVersionMs, tell, isScheduled = false } = given;
    const yearly = schedule('remind', { order: 'o' }, { cron: '0 2 1 1 *' });
    const { orders, processor } = release(number, (job, payload, context) => {
      ran.push(`${number} ${job} ${JSON.stringify(payload)}`);
      return tell?.(job, payload, context);
    });
    return apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'redis', prefix, redis: { url: redis.url }, builtInQueues: false, role },
          ...(waitForVersionMs !== undefined && { queues: { orders: { waitForVersionMs } } }),
          // Nothing but the version of the payload differs.
          ...(isScheduled && { queues: { orders: SAME_TABLE } }),
        }),
        MessageQueueModule.registerQueue(orders, isScheduled ? { schedules: [yearly] } : {}),
      ],
      providers: [processor],
    });
  }

  const serviceOf = (app: INestApplication): MessageQueueService => app.get(MessageQueueService);
  const queueOf = (app: INestApplication): Queue =>
    app.get<Queue>(getQueueToken('orders'), { strict: false });
  const unknownTo = async (app: INestApplication): Promise<unknown> =>
    (await serviceOf(app).getQueueMetrics()).queues['orders']?.unknown;
  const untilUnknown = (app: INestApplication, count: number): Promise<unknown> =>
    waitUntil(
      async () => ((await unknownTo(app)) as { readonly count: number }).count === count,
      `${count} unknown jobs`,
    );
  const deadOf = (app: INestApplication): Promise<readonly unknown[]> =>
    serviceOf(app).getFailedJobs('orders');

  it('older payloads are brought up to date, values that were renamed among them', async () => {
    const service = serviceOf(await start(1, { role: 'producer' }));
    for (const speed of ['fast', 'normal']) await service.enqueue(ORDERS_1, 'place', { article: 'a', speed });
    await start(2);
    await waitUntil(() => ran.length === 2, 'two runs');
    expect(ran).toEqual([
      '2 place {"article":"a","speed":"express","amount":1}',
      '2 place {"article":"a","speed":"standard","amount":1}',
    ]);
  });

  it('after a rollback newer jobs wait for the newer release, which has them at once when it is back', async () => {
    const newer = await start(2, { role: 'producer' });
    await serviceOf(newer).enqueue(ORDERS_2, 'refund', { order: 'r' });
    await serviceOf(newer).enqueue(ORDERS_2, 'place', { article: 'a', speed: 'express', amount: 2 });
    const older = await start(1);
    await untilUnknown(older, 2);
    expect(await unknownTo(older)).toMatchObject({
      count: 2,
      kinds: expect.arrayContaining([
        expect.objectContaining({ job: 'refund', version: 1, count: 1 }),
        expect.objectContaining({ job: 'place', version: 2, count: 1 }),
      ]) as unknown,
    });
    // They would wait for hours more.
    for (const { id } of await queueOf(older).getDelayed()) {
      await client.zadd(`${prefix}:orders:delayed`, 'XX', (Date.now() + 3_600_000) * 0x1000, String(id));
    }
    await older.close();
    await start(2);
    await waitUntil(() => ran.length === 2, 'two runs');
    expect(ran.sort()).toEqual([
      '2 place {"article":"a","speed":"express","amount":2}',
      '2 refund {"order":"r"}',
    ]);
    expect(await deadOf(newer)).toEqual([]);
    expect(await unknownTo(newer)).toEqual({ count: 0, kinds: [] });
  });

  it('a worker that knows them and has nothing to do fetches what another passes on meanwhile', async () => {
    const newer = await start(2, { role: 'producer' });
    await serviceOf(newer).enqueue(ORDERS_2, 'refund', { order: 'r' });
    const older = await start(1);
    await untilUnknown(older, 1);
    await older.close();
    const [key, id] = [`${prefix}:orders:`, String((await queueOf(newer).getDelayed())[0]?.id)];
    await client.zadd(`${key}delayed`, (Date.now() + 3_600_000) * 0x1000, id);
    await client.rename(`${key}mq:unknown`, `${key}not-yet`);
    await start(2);
    await waitUntil(async () => String(await client.client('LIST')).includes('blmove'), 'the worker to wait');
    expect(ran).toEqual([]);
    await client.rename(`${key}not-yet`, `${key}mq:unknown`);
    await waitUntil(() => ran.length === 1, 'the run');
    expect(ran).toEqual(['2 refund {"order":"r"}']);
  });

  it('a job whose name was removed waits visibly, and runs when the release that has it is back', async () => {
    const older = await start(1, { role: 'producer' });
    await serviceOf(older).enqueue(ORDERS_1, 'archive', { order: 'o' });
    const newer = await start(2);
    await untilUnknown(newer, 1);
    const { reasons } = await serviceOf(newer).getQueueHealth('orders');
    expect(reasons.find(({ code }) => code === 'UNKNOWN_JOBS')).toMatchObject({
      severity: 'degraded',
      message: expect.stringContaining('1 "archive" since 20') as string,
    });
    await newer.close();
    await start(1);
    await waitUntil(() => ran.length === 1, 'the run');
    expect(ran).toEqual(['1 archive {"order":"o"}']);
  });

  it('is a dead letter once it has waited long enough, and a replay lets it wait anew', async () => {
    const newer = await start(2, { role: 'producer' });
    const { id } = await serviceOf(newer).enqueue(ORDERS_2, 'refund', { order: 'r' });
    const older = await start(1, { waitForVersionMs: 600 });
    await waitUntil(async () => (await deadOf(older)).length === 1, 'the dead letter');
    expect(await deadOf(older)).toMatchObject([{ id, job: 'refund' }]);
    expect(JSON.stringify(await deadOf(older))).toContain('UNKNOWN_JOB_NAME');
    await older.close();
    const patient = await start(1);
    await patient.get(DeadLetterService).replay('orders', id, 'a test');
    await untilUnknown(patient, 1);
    expect(await deadOf(patient)).toEqual([]);
    expect((await queueOf(patient).getJob(id))?.attemptsMade).toBe(0);
    await start(2);
    await waitUntil(() => ran.length === 1, 'the run');
    expect(await deadOf(patient)).toEqual([]);
  });

  it('fields that only a newer release knows are left out of the payload, and kept in the record', async () => {
    const app = await start(1, { tell: () => Promise.reject(new Error('not yet')) });
    const queue = queueOf(app);
    await queue.pause();
    const { id } = await serviceOf(app).enqueue(ORDERS_1, 'place', { article: 'a', speed: 'fast' });
    const key = `${prefix}:orders:${id}`;
    const stored = JSON.parse((await client.hget(key, 'opts')) ?? '{}') as { mq: object };
    const opts = { ...stored, newerOption: 1, mq: { ...stored.mq, newerField: { a: [1] } } };
    const data = { article: 'a', speed: 'fast', note: 'of a newer release', nested: { more: 1 } };
    await client.hset(key, { opts: JSON.stringify(opts), data: JSON.stringify(data), mqNewer: '1' });
    await queue.resume();
    await waitUntil(async () => (await deadOf(app)).length === 1, 'the dead letter');
    expect(ran).toEqual(Array(2).fill('1 place {"article":"a","speed":"fast"}'));
    const kept = JSON.parse((await client.hget(key, 'opts')) ?? '{}') as object;
    expect(kept).toMatchObject({ newerOption: 1, mq: { newerField: { a: [1] }, failures: [{}, {}] } });
    expect(JSON.parse((await client.hget(key, 'data')) ?? '')).toEqual(data);
    expect(await client.hget(key, 'mqNewer')).toBe('1');
  });

  it('attempts and backoff that were left to the queue follow the release that runs the job', async () => {
    const newer = await start(2, { role: 'producer' });
    const older = await start(1, { role: 'producer' });
    await serviceOf(older).enqueue(ORDERS_1, 'place', { article: 'a', speed: 'fast' });
    await serviceOf(older).enqueue(ORDERS_1, 'place', { article: 'b', speed: 'fast' }, { attempts: 1 });
    await start(2, { tell: () => Promise.reject(new Error('not yet')) });
    await waitUntil(async () => (await deadOf(newer)).length === 2, 'the dead letters');
    expect(ran.filter((run) => run.includes('"a"'))).toHaveLength(4);
    expect(ran.filter((run) => run.includes('"b"'))).toHaveLength(1);
  });

  it('a schedule of another version runs where it is known, each run once, and the next ones follow', async () => {
    const newer = await start(2, { role: 'producer' });
    await serviceOf(newer).enqueue(
      ORDERS_2,
      'place',
      { article: 'weekly', speed: 'express', amount: 3 },
      { repeat: { every: 1_000, limit: 4 } },
    );
    const older = await start(1);
    await untilUnknown(older, 1);
    await waitUntil(async () => (await queueOf(older).getDelayedCount()) >= 2, 'the next run');
    expect(ran).toEqual([]);
    await start(2);
    await waitUntil(() => ran.length === 4, 'four runs');
    expect(new Set(ran)).toEqual(new Set(['2 place {"article":"weekly","speed":"express","amount":3}']));
    expect(await deadOf(newer)).toEqual([]);
  });

  it('a declared schedule follows the release that starts last, forwards and back', async () => {
    const pending = async (app: INestApplication): Promise<unknown[]> =>
      (await queueOf(app).getDelayed()).map((job) => [job.name, recordOf(job).version]);
    const untilPending = (app: INestApplication, version: number | undefined): Promise<unknown> =>
      waitUntil(
        async () => JSON.stringify(await pending(app)) === JSON.stringify([['remind', version]]),
        `one run to come, of version ${String(version)}`,
      );
    await untilPending(await start(1, { isScheduled: true }), undefined);
    await untilPending(await start(2, { isScheduled: true }), 2);
    await untilPending(await start(1, { isScheduled: true }), undefined);
  });

  it('an idempotency key that another version used stays used', async () => {
    const newer = await start(2, { role: 'producer' });
    const payload = { article: 'a', speed: 'express', amount: 2 };
    const add = () => serviceOf(newer).enqueue(ORDERS_2, 'place', payload, { idempotencyKey: 'once' });
    const { id } = await add();
    const older = await start(1);
    await untilUnknown(older, 1);
    expect(await add()).toMatchObject({ id, deduplicated: true });
    await start(2);
    await waitUntil(() => ran.length === 1, 'the run');
    expect(await add()).toMatchObject({ id, deduplicated: true });
  });

  it('a queue that no release has any more is told in health and in the log, as long as it holds jobs', async () => {
    const older = await start(1, { role: 'producer' });
    const { id } = await serviceOf(older).enqueue(ORDERS_1, 'archive', { order: 'o' });
    const known = `${prefix}:mq-queues`;
    await waitUntil(async () => (await client.zscore(known, 'orders')) !== null, 'the mark of the queue');
    const bills = defineQueue({ ...ORDERS_1, name: 'bills', jobs: ORDERS_1.jobs });
    const startBills = (): Promise<INestApplication> =>
      apps.start({
        imports: [
          MessageQueueModule.forRoot({
            ...{
              provider: 'redis',
              prefix,
              redis: { url: redis.url },
              builtInQueues: false,
              role: 'producer',
            },
          }),
          MessageQueueModule.registerQueue(bills),
        ],
      });
    const newer = await startBills();
    const told = async (): Promise<unknown> => (await newer.get(QueueMonitor).overallHealth()).reasons;
    expect(await told()).toEqual([]);
    await client.zadd(known, Date.now() - 301_000, 'orders');
    expect(await told()).toEqual([
      expect.objectContaining({
        ...{ severity: 'degraded', code: 'ABANDONED_QUEUE' },
        message: expect.stringMatching(/^Queue "orders" holds 1 job\(s\) that nobody runs/) as string,
      }),
    ]);
    await startBills();
    await waitUntil(
      () => apps.logger.lines.some((line) => line.startsWith('Queue "orders" holds 1 job(s)')),
      'the line',
    );
    expect(await (await queueOf(older).getJob(id))?.remove()).toBe(undefined);
    expect(await told()).toEqual([]);
  });
});
