import { Redis } from 'ioredis';
import { testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import {
  IdempotencyConflictError,
  InvalidJobOptionsError,
  InvalidPayloadError,
  QueueFullError,
} from '../../../jobs/errors.js';
import { request, once } from '../../../../../test/support/add-requests.js';

describe('adding to a Redis queue', () => {
  const stage = redisStage({ withProblems: true });

  it('checks options and payloads before anything reaches Redis, on every way in', async () => {
    const broker = stage.fixture.broker();
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
    const client = new Redis(stage.redis.port);
    expect(await client.keys(`${stage.fixture.prefix}:work:*`)).toEqual([]);
    client.disconnect();
  });

  it('gives every job an id, also through Bull’s add and addBulk', async () => {
    const queue = stage.fixture.broker().createQueue(testQueue());
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
    const [one, two] = [stage.fixture.broker(), stage.fixture.broker()];
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
    const broker = stage.fixture.broker();
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
    const broker = stage.fixture.broker();
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
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    const options = { debounce: { id: 'd', ttl: 60_000 } };
    const first = await broker.addOnce(queue, request({ options }));
    expect(await broker.addOnce(queue, request({ options }))).toEqual({ id: first.id, deduplicated: true });
    expect((await broker.snapshot(queue)).waiting).toBe(1);
  });

  it('refuses adds to a full queue, keeps a reserve for critical ones, and adds nothing', async () => {
    const broker = stage.fixture.broker();
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
    const broker = stage.fixture.broker();
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
});
