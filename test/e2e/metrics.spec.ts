import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import { Counter, Registry } from 'prom-client';
import type { OpenMetricsContentType } from 'prom-client';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { messageQueueCollector } from '../../src/message-queue/operations/index.js';
import { Broker } from '../../src/message-queue/broker/broker.js';
import { MetricsPage } from '../../src/message-queue/operations/metrics/metrics-page.js';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { HostApps } from '../support/host-app.js';
import { lintMetrics, parseMetrics } from '../support/metrics-lint.js';
import { freePort, TestRedis } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitUntil } from '../support/wait-until.js';

class Word {
  @IsString()
  word!: string;
}

const WORDS = defineQueue({
  ...{
    name: 'metered-words',
    description: 'Words that are said, or not.',
    jobs: { say: Word, repeat: Word },
  },
  ...{
    concurrency: 3,
    attempts: 2,
    timeoutMs: 30_000,
    backoff: { type: 'fixed', delayMs: 1 },
    maxWaiting: 100,
  },
});

@Injectable()
@Processor(WORDS.name)
class Speaker {
  @JobHandler(WORDS, 'say')
  say({ word }: Word): void {
    if (word === 'bad') throw new Error('This word is not said.');
  }

  @JobHandler(WORDS, 'repeat')
  repeat(): void {
    return undefined;
  }
}

/** Values of a metric by its labels' values. */
function valuesOf(text: string, name: string): Record<string, number> {
  const family = parseMetrics(text).find((one) => one.name === `message_queue_${name}`);
  return Object.fromEntries(
    (family?.samples ?? []).map((sample) => [
      [sample.name.replace(/^.*_(bucket|sum|count)$/, '$1'), ...Object.values(sample.labels)]
        .filter((part) => !part.startsWith('message_queue_'))
        .join(' '),
      sample.value,
    ]),
  );
}

describe('Metrics', () => {
  const apps = new HostApps();
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis.stop());
  afterEach(() => apps.close());

  async function start(options: MessageQueueModuleOptions): Promise<INestApplication> {
    return apps.start({
      imports: [
        MessageQueueModule.forRoot({ environment: 'test', builtInQueues: false, ...options }),
        MessageQueueModule.registerQueue(WORDS),
      ],
      providers: [Speaker],
    });
  }
  const textOf = (app: INestApplication): Promise<string> => app.get(MetricsPage, { strict: false }).text();

  it.each(['memory', 'redis'] as const)(
    'count on %s what becomes of jobs, and pass a linter',
    async (provider) => {
      const app = await start({
        provider,
        ...(provider === 'redis' && { redis: { url: redis.url }, prefix: `m-${randomUUID()}` }),
      });
      const service = app.get(MessageQueueService);
      for (const word of ['good', 'bad', 'better']) await service.enqueue(WORDS, 'say', { word });
      await expect(service.enqueue(WORDS, 'say', { word: 7 as never })).rejects.toThrow('word');
      const text = await waitUntil(async () => {
        const now = await textOf(app);
        const done = valuesOf(now, 'jobs')['metered-words failed'] === 1;
        return done && valuesOf(now, 'attempts_total')['metered-words say completed'] === 2 ? now : null;
      }, 'the jobs to end');
      expect(lintMetrics(text)).toEqual([]);
      expect(valuesOf(text, 'jobs_added_total')).toEqual({ 'metered-words say': 3 });
      expect(valuesOf(text, 'adds_refused_total')).toEqual({ 'metered-words invalid_payload': 1 });
      expect(valuesOf(text, 'attempts_total')).toMatchObject({
        'metered-words say completed': 2,
        'metered-words say failed': 2,
        'metered-words say timed_out': 0,
      });
      expect(valuesOf(text, 'dead_letters_total')).toEqual({ 'metered-words say attempts_spent': 1 });
      expect(valuesOf(text, 'jobs_retried_total')).toEqual({ 'metered-words say': 1 });
      expect(valuesOf(text, 'run_seconds')).toMatchObject({
        'bucket metered-words say +Inf': 4,
        'count metered-words say': 4,
      });
      expect(valuesOf(text, 'wait_seconds')).toMatchObject({ 'count metered-words say': 4 });
      expect(valuesOf(text, 'slots')).toEqual({ 'metered-words': 3 });
      expect(valuesOf(text, 'jobs')).toMatchObject({ 'metered-words failed': 1, 'metered-words waiting': 0 });
      expect(valuesOf(text, 'paused')).toEqual({ 'metered-words': 0 });
      expect(valuesOf(text, 'broker_up')).toEqual({ '': 1 });
      expect(Object.keys(valuesOf(text, 'build_info'))[0]).toContain(`${provider} both`);
      expect(text).not.toContain('not said');
    },
  );

  it('tell of queues that only other processes have, and of who works on them', async () => {
    const shared = { redis: { url: redis.url }, prefix: `m-${randomUUID()}` };
    await start({ ...shared, role: 'worker' });
    const other = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...shared,
          environment: 'test',
          role: 'producer',
          builtInQueues: ['message-cleanup'],
        }),
      ],
    });
    const text = await waitUntil(async () => {
      const now = await textOf(other);
      return valuesOf(now, 'workers')['metered-words'] === 1 ? now : null;
    }, 'the worker to be seen');
    expect(valuesOf(text, 'workers')).toEqual({ 'metered-words': 1, 'message-cleanup': 0 });
    expect(valuesOf(text, 'worker_utilization_ratio')).toEqual({ 'metered-words': 0 });
    expect(valuesOf(text, 'slots')).toEqual({});
    expect(lintMetrics(text)).toEqual([]);
  });

  it('say of a broker that is away that it is, and go on with those of the process', async () => {
    const proxy = await TcpProxy.start(redis.port);
    const app = await start({ redis: { host: '127.0.0.1', port: proxy.port }, prefix: `m-${randomUUID()}` });
    await app.get(MessageQueueService).enqueue(WORDS, 'repeat', { word: 'again' });
    await waitUntil(
      async () => valuesOf(await textOf(app), 'attempts_total')['metered-words repeat completed'],
      'a run',
    );
    proxy.refuse();
    const text = await textOf(app);
    expect(valuesOf(text, 'broker_up')).toEqual({ '': 0 });
    expect(lintMetrics(text)).toEqual([]);
    expect(parseMetrics(text).map(({ name }) => name.replace('message_queue_', ''))).toEqual([
      ...[
        'jobs_added_total',
        'attempts_total',
        'jobs_retried_total',
        'wait_seconds',
        'run_seconds',
        'busy_slots',
      ],
      ...['slots', 'event_loop_lag_seconds', 'build_info', 'broker_up'],
    ]);
    await apps.close();
    await proxy.stop();
  });

  describe.each(['express', 'fastify'] as const)('in the web server on %s', (platform) => {
    const TOKEN = 'a-token-that-is-long-enough';

    async function listen(options: MessageQueueModuleOptions, prefix?: string): Promise<string> {
      const module = await Test.createTestingModule({
        imports: [
          MessageQueueModule.forRoot({ provider: 'memory', builtInQueues: false, ...options }),
          MessageQueueModule.registerQueue(WORDS),
        ],
        providers: [Speaker],
      }).compile();
      const app =
        platform === 'fastify'
          ? module.createNestApplication(new FastifyAdapter(), { logger: false })
          : module.createNestApplication({ logger: false });
      if (prefix !== undefined) app.setGlobalPrefix(prefix);
      opened.push(app);
      await app.listen(0, '127.0.0.1');
      return app.getUrl();
    }
    const opened: INestApplication[] = [];
    afterEach(async () => {
      for (const app of opened.splice(0)) await app.close();
    });
    const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

    it('answer whoever has the token, and nobody else in production', async () => {
      const port = await freePort();
      const url = await listen({
        environment: 'production',
        operations: { metrics: { token: TOKEN }, probes: { port, host: '127.0.0.1' } },
      });
      const own = `http://127.0.0.1:${port}`;
      for (const at of [`${url}/metrics`, `${own}/metrics`]) {
        const answer = await fetch(at, bearer(TOKEN));
        expect([at, answer.status, answer.headers.get('content-type')]).toEqual([
          ...[at, 200, 'text/plain; version=0.0.4; charset=utf-8'],
        ]);
        const text = await answer.text();
        expect(lintMetrics(text)).toEqual([]);
        expect(valuesOf(text, 'slots')).toEqual({ 'metered-words': 3 });
        expect((await fetch(at)).status).toBe(403);
        for (const wrong of ['', 'x', `${TOKEN}x`, TOKEN.slice(1)]) {
          expect([wrong, [401, 403].includes((await fetch(at, bearer(wrong))).status)]).toEqual([
            wrong,
            true,
          ]);
        }
        expect((await fetch(at, { method: 'POST', ...bearer(TOKEN) })).ok).toBe(false);
      }
      expect((await fetch(`${own}/health/live`)).status).toBe(200);
    });

    it('answer this machine in development, where the prefix says, unless they are left out', async () => {
      const url = await listen({ environment: 'development', operations: {} }, 'v1');
      const answer = await fetch(`${url}/v1/metrics`);
      expect([answer.status, valuesOf(await answer.text(), 'broker_up')]).toEqual([200, { '': 1 }]);
      expect((await fetch(`${url}/v1/metrics/more`)).status).toBe(404);
      const without = await listen({ environment: 'development', operations: { metrics: false } });
      expect((await fetch(`${without}/metrics`)).status).toBe(404);
    });
  });

  describe("in a host's own registry", () => {
    it('are read by its scrape, once for all of them', async () => {
      const app = await start({ provider: 'memory' });
      const registry = new Registry();
      const own = new Counter({ name: 'own_total', help: 'Own.', registers: [registry] });
      own.inc();
      const collector = messageQueueCollector(app.get(MessageQueueService));
      collector.register(registry);
      collector.register(registry);
      const page = app.get(MetricsPage, { strict: false });
      const look = jest.spyOn(app.get(Broker, { strict: false }).activity, 'look');
      await app.get(MessageQueueService).enqueue(WORDS, 'repeat', { word: 'again' });
      await waitUntil(
        async () => valuesOf(await page.text(), 'attempts_total')['metered-words repeat completed'],
        'a run',
      );
      look.mockClear();
      const text = await registry.metrics();
      expect(look).toHaveBeenCalledTimes(1);
      expect(text).toContain('own_total 1');
      expect(valuesOf(text, 'run_seconds')).toMatchObject({ 'count metered-words repeat': 1 });
      // prom-client writes metrics without values too.
      const empty = /: has no values$/;
      expect(lintMetrics(text).filter((found) => !empty.test(found))).toEqual([]);
      expect(await registry.getSingleMetricAsString('message_queue_jobs')).toContain(
        'message_queue_jobs{queue="metered-words",state="completed"} 1',
      );
      expect(await registry.getMetricsAsJSON()).toContainEqual(
        expect.objectContaining({ name: 'message_queue_slots', aggregator: 'sum' }),
      );
      (registry as unknown as Registry<OpenMetricsContentType>).setContentType(
        Registry.OPENMETRICS_CONTENT_TYPE,
      );
      expect(await registry.metrics()).toContain(
        'message_queue_jobs_added_total{queue="metered-words",job="repeat"} 1',
      );
    });

    it('are refused beside what has their names', async () => {
      const app = await start({ provider: 'memory' });
      const registry = new Registry();
      new Counter({ name: 'message_queue_jobs', help: 'Other.', registers: [registry] });
      expect(() => messageQueueCollector(app.get(MessageQueueService)).register(registry)).toThrow(
        /has a metric message_queue_jobs already, of something else/,
      );
      expect(registry.getMetricsAsArray()).toHaveLength(1);
      expect(() => messageQueueCollector({} as MessageQueueService)).toThrow(
        /There are no metrics of this service/,
      );
    });
  });
});
