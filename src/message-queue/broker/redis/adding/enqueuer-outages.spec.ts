import { Redis } from 'ioredis';
import {
  BrokerFixture,
  completed,
  testQueue,
  workOn,
} from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { writtenPayload } from '../../../admission/payloads/json-payload.js';
import { BrokerUnavailableError, EnqueueTimeoutError, QueueFullError } from '../../../jobs/errors.js';
import { QUEUE_DEFAULTS } from '../../../jobs/queue-settings.js';
import { request } from '../../../../../test/support/add-requests.js';

describe('adding to a Redis queue that does not answer, or refuses', () => {
  const stage = redisStage({ withProblems: true });

  it('rejects within the deadline while Redis is frozen, and one call lands once', async () => {
    const own = await TestRedis.start();
    const frozen = new BrokerFixture(own);
    try {
      const broker = frozen.broker();
      const queue = broker.createQueue(testQueue());
      await broker.addOnce(queue, request());
      own.signal('SIGSTOP');
      const error = await broker.addOnce(queue, request({ deadlineMs: 300 })).catch((e: unknown) => e);
      const many = await broker.addMany(queue, [request({ deadlineMs: 300 }), request({ deadlineMs: 300 })]);
      expect(error).toBeInstanceOf(EnqueueTimeoutError);
      expect((error as EnqueueTimeoutError).jobId).toMatch(/^m_/);
      expect(many.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
      own.signal('SIGCONT');
      const { id } = await broker.addOnce(queue, request());
      const ids = (await queue.getWaiting()).map((job) => String(job.id));
      expect(ids).toContain(id);
      expect(ids).toContain((error as EnqueueTimeoutError).jobId);
      expect(new Set(ids).size).toBe(ids.length);
    } finally {
      await frozen.close();
      await own.stop();
    }
  });

  it('rejects within the deadline while Redis is gone, and sends nothing later', async () => {
    const own = await TestRedis.start();
    const gone = new BrokerFixture(own);
    try {
      const broker = gone.broker();
      const queue = broker.createQueue(testQueue());
      await broker.addOnce(queue, request());
      await own.kill();
      // A call that was under way when it died may land later: that is what "outcome unknown" says.
      await waitUntil(() => queue.client.status !== 'ready', 'the client to notice');
      for (const options of [{}, { repeat: { every: 5_000 } }]) {
        const add = broker.addOnce(queue, request({ options, deadlineMs: 300 }));
        await expect(add).rejects.toThrow(BrokerUnavailableError);
      }
      await own.spawn();
      await broker.addOnce(queue, request({ deadlineMs: 5_000 }));
      expect((await broker.snapshot(queue)).waiting).toBe(1);
    } finally {
      await gone.close();
      await own.stop();
    }
  });

  it.each(['blackhole', 'swallowReplies'] as const)(
    'lands once when the network fails by %s',
    async (failure) => {
      const proxy = await TcpProxy.start(stage.redis.port);
      const behind = new BrokerFixture({ port: proxy.port });
      try {
        const broker = behind.broker({ socketTimeoutMs: 600 });
        const queue = broker.createQueue(testQueue());
        await broker.addOnce(queue, request());
        proxy[failure]();
        const pending = broker.addOnce(queue, request({ data: { the: 'one' }, deadlineMs: 8_000 }));
        const late = await broker.addOnce(queue, request({ deadlineMs: 300 })).catch((e: unknown) => e);
        expect(late).toBeInstanceOf(EnqueueTimeoutError);
        proxy.heal();
        const { id, deduplicated } = await pending;
        expect(deduplicated).toBe(false);
        const jobs = await queue.getWaiting();
        expect(
          jobs.filter((job) => (job.data as { the?: string }).the === 'one').map((job) => job.id),
        ).toEqual([id]);
        expect(new Set(jobs.map((job) => job.id)).size).toBe(jobs.length);
      } finally {
        await behind.close();
        await proxy.stop();
      }
    },
  );

  it.each([
    ['short', true],
    ['long', false],
  ])(
    'runs once on the %s road although it ended and left the history before it was sent again',
    async (_road, ordinary) => {
      const proxy = await TcpProxy.start(stage.redis.port);
      const behind = new BrokerFixture({ port: proxy.port });
      try {
        const definition = testQueue('work', {
          retention: { ...QUEUE_DEFAULTS.retention, completedCount: 1 },
        });
        const broker = behind.broker({ socketTimeoutMs: 600 });
        const queue = broker.createQueue(definition);
        const data = writtenPayload({ a: 1 });
        const add = () => broker.addOnce(queue, { ...request({ data, deadlineMs: 8_000 }), ordinary });
        const near = stage.fixture.broker({ prefix: behind.prefix });
        const { seen } = await workOn(near, near.createQueue(definition));
        await add();
        proxy.swallowReplies();
        const pending = Promise.all([add(), add(), add(), add()]);
        await waitUntil(() => seen.length === 5, 'the runs of the unanswered adds');
        proxy.heal();
        const ids = (await pending).map(({ id }) => id);
        const { id } = await add();
        await waitUntil(() => seen.some((run) => run.id === id), 'the run of what was added last');
        expect(
          seen
            .map((run) => run.id)
            .slice(1)
            .toSorted(),
        ).toEqual([...ids, id].toSorted());
      } finally {
        await behind.close();
        await proxy.stop();
      }
    },
  );

  it('calls the outcome unknown when the answer was lost and Redis has no memory for the second try', async () => {
    const own = await TestRedis.start();
    const proxy = await TcpProxy.start(own.port);
    const behind = new BrokerFixture({ port: proxy.port });
    const client = new Redis(own.port);
    try {
      const broker = behind.broker({ socketTimeoutMs: 500 });
      const queue = broker.createQueue(testQueue());
      await broker.addOnce(queue, request());
      proxy.swallowReplies();
      const pending = broker
        .addOnce(queue, request({ options: { jobId: 'mine', priority: 6 }, deadlineMs: 8_000 }))
        .catch((e: unknown) => e);
      await waitUntil(
        async () => (await client.llen(`${behind.prefix}:work:wait`)) === 1,
        'the unanswered add',
      );
      // As a worker leaves it that ran the job and removed it.
      await client.del(`${behind.prefix}:work:mine`, `${behind.prefix}:work:wait`);
      await client.config('SET', 'maxmemory', '1mb');
      proxy.heal();
      const error = await pending;
      expect(error).toBeInstanceOf(EnqueueTimeoutError);
      expect((error as Error).message).toMatch(/refused the same add afterwards/);
      const certain = await broker.addOnce(queue, request()).catch((e: unknown) => e);
      expect(certain).toBeInstanceOf(QueueFullError);
      expect((certain as Error).message).not.toMatch(/\b0 bytes|above 0\b/);
    } finally {
      client.disconnect();
      await behind.close();
      await proxy.stop();
      await own.stop();
    }
  });

  it('does not run a job twice when it finished before its lost add was repeated', async () => {
    const proxy = await TcpProxy.start(stage.redis.port);
    const behind = new BrokerFixture({ port: proxy.port });
    try {
      const producer = behind.broker({ socketTimeoutMs: 500 });
      const queue = producer.createQueue(testQueue());
      const consumer = stage.fixture.broker({ prefix: behind.prefix });
      const { seen } = await workOn(consumer, consumer.createQueue(testQueue()), () => completed());
      await producer.addOnce(queue, request({ options: { removeOnComplete: true } }));
      await waitUntil(() => seen.length === 1, 'the first job');
      proxy.swallowReplies();
      const pending = producer.addOnce(
        queue,
        request({ options: { removeOnComplete: true }, deadlineMs: 8_000 }),
      );
      await waitUntil(() => seen.length === 2, 'the second job to run although its add was not answered');
      proxy.heal();
      const { id, deduplicated } = await pending;
      expect([id, deduplicated]).toEqual([seen[1]?.id, false]);
      expect(await producer.snapshot(queue)).toMatchObject({ waiting: 0, active: 0 });
      expect(seen).toHaveLength(2);
    } finally {
      await behind.close();
      await proxy.stop();
    }
  });

  it('refuses adds while Redis is short of memory, lets workers drain, and resumes by itself', async () => {
    const own = await TestRedis.start();
    const small = new BrokerFixture(own);
    const client = new Redis(own.port);
    try {
      const broker = small.broker();
      const queue = broker.createQueue(testQueue());
      const { id } = await broker.addOnce(queue, request());
      const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
      await client.config('SET', 'maxmemory', Math.round(used / 0.92));
      const refused = await waitUntil(
        () =>
          broker.addOnce(queue, request()).then(
            () => null,
            (error: unknown) => error,
          ),
        'a refusal',
      );
      expect(refused).toBeInstanceOf(QueueFullError);
      expect((refused as QueueFullError).message).toMatch(/memory/);
      expect((refused as QueueFullError).depth).toBeGreaterThan(used * 0.9);
      await client.config('SET', 'maxmemory', '1mb');
      const { seen } = await workOn(broker, queue);
      await waitUntil(async () => (await queue.getJob(id))?.finishedOn, 'the job to end without memory');
      expect(seen.length).toBeGreaterThanOrEqual(1);
      await client.config('SET', 'maxmemory', '100mb');
      await waitUntil(
        () =>
          broker.addOnce(queue, request()).then(
            () => true,
            () => false,
          ),
        'adds to resume',
      );
    } finally {
      client.disconnect();
      await small.close();
      await own.stop();
    }
  });
});
