import { Redis } from 'ioredis';
import {
  BrokerFixture,
  completed,
  testQueue,
  workOn,
} from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import {
  EnqueueTimeoutError,
  IdempotencyConflictError,
  InvalidJobOptionsError,
  InvalidPayloadError,
  QueueFullError,
} from '../../../jobs/errors.js';
import type { AddRequest } from '../../broker.js';

const request = (over: Partial<AddRequest> = {}): AddRequest => ({
  name: 'job',
  data: { a: 1 },
  options: {},
  ...over,
});
const once = (key: string, fingerprint = 'f', ttlMs = 60_000) => ({
  idempotency: { key, fingerprint, ttlMs },
});

describe('adding to a Redis queue', () => {
  let redis: TestRedis;
  let fixture: BrokerFixture;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => {
    fixture = new BrokerFixture(redis);
  });
  afterEach(() => fixture.close());
  afterAll(() => redis.stop());

  it('checks options and payloads before anything reaches Redis, on every way in', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    const bad = { attempts: Number.NaN };
    await expect(broker.addOnce(queue, request({ options: bad }))).rejects.toThrow(InvalidJobOptionsError);
    await expect(queue.add('job', {}, bad)).rejects.toThrow(InvalidJobOptionsError);
    await expect(queue.addBulk([{ data: {} }, { data: {}, opts: bad }])).rejects.toThrow(
      InvalidJobOptionsError,
    );
    await expect(queue.add('job', { n: 10n })).rejects.toThrow(InvalidPayloadError);
    expect(await broker.addMany(queue, [request({ options: bad })])).toEqual([
      { outcome: 'rejected', error: expect.any(InvalidJobOptionsError) },
    ]);
    const client = new Redis(redis.port);
    expect(await client.keys(`${fixture.prefix}:*`)).toEqual([]);
    client.disconnect();
  });

  it('gives every job an id, also through Bull’s add and addBulk', async () => {
    const queue = fixture.broker().createQueue(testQueue());
    const job = await queue.add('job', { a: 1 });
    expect(job.id).toMatch(/^m_/);
    const bulk = await queue.addBulk([
      { name: 'job', data: { a: 2 } },
      { name: 'job', data: { a: 3 } },
    ]);
    expect(bulk.map(({ data }) => data)).toEqual([{ a: 2 }, { a: 3 }]);
    const stored = await queue.getWaiting();
    expect(stored.map(({ id }) => id)).toEqual([job.id, ...bulk.map(({ id }) => id)]);
    expect(stored[0]).toMatchObject({ data: { a: 1 }, opts: { attempts: 3, removeOnFail: false } });
  });

  it('adds one job for a hundred simultaneous adds with one idempotency key, from two processes', async () => {
    const [one, two] = [fixture.broker(), fixture.broker()];
    const queues = [one.createQueue(testQueue()), two.createQueue(testQueue())] as const;
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        i % 2 ? one.addOnce(queues[0], request(once('k'))) : two.addOnce(queues[1], request(once('k'))),
      ),
    );
    expect(new Set(outcomes.map(({ id }) => id)).size).toBe(1);
    expect(outcomes.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
    expect((await one.snapshot(queues[0])).waiting).toBe(1);
  });

  it('remembers a key after the job completed and was removed, and until its time is over', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { seen } = await workOn(broker, queue);
    const first = await broker.addOnce(
      queue,
      request({ ...once('k', 'f', 400), options: { removeOnComplete: true } }),
    );
    await waitUntil(
      async () => seen.length === 1 && (await queue.getJob(first.id)) === null,
      'the job to vanish',
    );
    expect(await broker.addOnce(queue, request(once('k')))).toEqual({ id: first.id, deduplicated: true });
    await expect(broker.addOnce(queue, request(once('k', 'other')))).rejects.toThrow(
      IdempotencyConflictError,
    );
    const again = await waitUntil(async () => {
      const outcome = await broker.addOnce(queue, request(once('k', 'f', 400)));
      return outcome.deduplicated ? null : outcome;
    }, 'the key to be forgotten');
    expect(again.id).not.toBe(first.id);
  });

  it('tells that an explicit id exists', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    const options = { jobId: 'invoice-7' };
    expect(await broker.addOnce(queue, request({ options }))).toEqual({
      id: 'invoice-7',
      deduplicated: false,
    });
    expect(await broker.addOnce(queue, request({ options }))).toEqual({
      id: 'invoice-7',
      deduplicated: true,
    });
    expect((await broker.snapshot(queue)).waiting).toBe(1);
  });

  it('debounces as Bull does', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    const options = { debounce: { id: 'd', ttl: 60_000 } };
    const first = await broker.addOnce(queue, request({ options }));
    expect(await broker.addOnce(queue, request({ options }))).toEqual({ id: first.id, deduplicated: true });
    expect((await broker.snapshot(queue)).waiting).toBe(1);
  });

  it('refuses adds to a full queue, keeps a reserve for critical ones, and adds nothing', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue('full', { maxWaiting: 10 }));
    const outcomes = await broker.addMany(
      queue,
      Array.from({ length: 12 }, (_, i) => request({ options: i % 2 ? { delay: 60_000 } : {} })),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...Array(10).fill('added'),
      'rejected',
      'rejected',
    ]);
    await expect(queue.add('job', {})).rejects.toThrow(QueueFullError);
    await expect(broker.addOnce(queue, request())).rejects.toMatchObject({
      depth: 10,
      limit: 10,
      code: 'QUEUE_FULL',
    });
    expect((await broker.addOnce(queue, request({ critical: true }))).deduplicated).toBe(false);
    await expect(queue.add('job', {}, { priority: 1 })).rejects.toThrow(QueueFullError);
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 6, delayed: 5 });
  });

  it('gives bulk outcomes in the order of the requests', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    const requests = Array.from({ length: 2_500 }, (_, i) =>
      request({
        data: { i },
        ...(i % 500 === 7 ? { options: { delay: -1 } } : i % 500 === 9 ? once('same') : {}),
      }),
    );
    const outcomes = await broker.addMany(queue, requests);
    expect(outcomes).toHaveLength(2_500);
    expect(outcomes.filter(({ outcome }) => outcome === 'rejected')).toHaveLength(5);
    expect(outcomes.filter(({ outcome }) => outcome === 'deduplicated')).toHaveLength(4);
    const stored = await queue.getWaiting(0, -1);
    expect(stored).toHaveLength(2_491);
    const indexOf = new Map(outcomes.map((outcome, i) => ['id' in outcome ? outcome.id : `none-${i}`, i]));
    const same = outcomes[9];
    for (const job of stored) {
      if (same !== undefined && 'id' in same && same.id === job.id) continue;
      expect(indexOf.get(String(job.id))).toBe((job.data as { i: number }).i);
    }
  });

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
      await expect(broker.addOnce(queue, request({ deadlineMs: 300 }))).rejects.toThrow(EnqueueTimeoutError);
      await expect(queue.add('job', {}, { repeat: { every: 5_000 } })).rejects.toThrow(EnqueueTimeoutError);
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
      const proxy = await TcpProxy.start(redis.port);
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
        .addOnce(queue, request({ options: { jobId: 'mine' }, deadlineMs: 8_000 }))
        .catch((e: unknown) => e);
      await waitUntil(
        async () => (await client.llen(`${behind.prefix}:work:wait`)) === 2,
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
    const proxy = await TcpProxy.start(redis.port);
    const behind = new BrokerFixture({ port: proxy.port });
    try {
      const producer = behind.broker({ socketTimeoutMs: 500 });
      const queue = producer.createQueue(testQueue());
      const consumer = fixture.broker({ prefix: behind.prefix });
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
