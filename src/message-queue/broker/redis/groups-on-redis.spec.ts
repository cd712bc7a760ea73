import Bull from 'bull';
import type { Queue } from 'bull';
import { addAll } from '../../../../test/support/add-all.js';
import { completed, failed, testQueue, workOn } from '../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import type { FlowPolicy } from '../../jobs/flow/flow-policy.js';
import { JobPriority, toBullPriority } from '../../jobs/job-priority.js';
import type { ManagedJobRecord } from '../../jobs/managed-job.js';
import type { RedisBroker } from './redis-broker.js';

const HOUR_MS = 3_600_000;
/** Looks often enough that no test need wait; nobody renews a lock that a test deletes. */
const LOCK = { durationMs: HOUR_MS, renewMs: HOUR_MS, stalledCheckMs: 100 };
const ORDERED: FlowPolicy = { key: {}, tenant: {} };

describe('groups in Redis', () => {
  const stage = redisStage({ withProblems: true });
  const plains: Bull.Queue[] = [];

  afterEach(async () => {
    await Promise.all(plains.splice(0).map((plain) => plain.close()));
  });

  function open(flow = ORDERED, lock: typeof LOCK | undefined = LOCK): { broker: RedisBroker; queue: Queue } {
    const broker = stage.fixture.broker({ ...(lock !== undefined && { lock }) });
    return { broker, queue: broker.createQueue(testQueue('work', { flow })) };
  }

  /** Bull's own queue, which knows no groups. */
  function plainQueue(): Bull.Queue {
    const plain = new Bull('work', { prefix: stage.fixture.prefix, redis: { port: stage.redis.port } });
    plains.push(plain);
    return plain;
  }

  function add(
    broker: RedisBroker,
    queue: Queue,
    ids: readonly string[],
    mq: ManagedJobRecord = { key: 'a' },
    priority = 0,
  ): Promise<string[]> {
    const requests = ids.map((jobId) => ({
      name: 'job',
      data: {},
      options: { jobId, mq, ...(priority > 0 && { priority }) },
    }));
    return addAll(broker, queue, requests);
  }

  /** What is stored of groups while no job is left, but for what counts up. */
  async function groupKeys(queue: Queue): Promise<string[]> {
    const keys = await stage.client.keys(queue.toKey('mq:*'));
    const names = keys.map((key) => key.slice(queue.toKey('').length));
    return names.filter((name) => /^mq:(g:|groups$|set|parked|wake)/.test(name));
  }

  it('leave nothing behind but counters once their jobs have ended', async () => {
    const { broker, queue } = open();
    const requests = Array.from({ length: 3_000 }, (_, n) => ({
      name: 'job',
      data: {},
      options: { mq: { key: `key-${n % 1_500}`, tenant: `tenant-${n % 700}` } },
    }));
    await addAll(broker, queue, requests);
    const { seen } = await workOn(broker, queue, () => completed(), 20);
    await waitUntil(() => seen.length === 3_000, 'all runs');
    await waitUntil(async () => (await broker.snapshot(queue)).active === 0, 'the last ends');
    expect(await groupKeys(queue)).toEqual([]);
    expect(Number((await stage.client.get(queue.toKey('mq:held'))) ?? 0)).toBe(0);
  });

  it('let the job of a dead worker run again before all others of its key, at the front of its lane', async () => {
    const { broker, queue } = open();
    await add(broker, queue, ['a1'], { key: 'a', tenant: 'A' });
    const first = await workOn(broker, queue, () => new Promise(() => undefined), 1);
    await waitUntil(() => first.seen.length === 1, 'the run');
    await add(broker, queue, ['a2'], { key: 'a', tenant: 'A' });
    await add(broker, queue, ['b1', 'b2'], { key: 'b', tenant: 'B' });
    await stage.client.del(queue.toKey('a1:lock'));
    const other = open();
    await waitUntil(async () => (await broker.snapshot(queue)).active === 0, 'the recovery');
    const { seen } = await workOn(other.broker, other.queue, () => completed(), 1);
    await waitUntil(() => seen.length === 4, 'the runs');
    expect(seen.map(({ id }) => id)).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it.each<[string, (queue: Queue, plain: Bull.Queue) => Promise<void>]>([
    [
      'is a dead letter that plain Bull removed',
      async (queue, plain) => {
        await waitUntil(async () => (await queue.getFailedCount()) === 1, 'the dead letter');
        await (await plain.getJob('a1'))?.remove();
      },
    ],
    [
      'is in backoff and was removed by plain Bull',
      async (queue, plain) => {
        await waitUntil(async () => (await queue.getDelayedCount()) === 1, 'the backoff');
        await (await plain.getJob('a1'))?.remove();
      },
    ],
    [
      'was finished by a worker that knows no groups',
      async (queue, plain) => {
        const job = await plain.getNextJob();
        expect(job?.id).toBe('a1');
        await job?.moveToCompleted('done', true, true);
        await waitUntil(async () => (await queue.getCompletedCount()) === 1, 'the end');
      },
    ],
    [
      'was deleted by hand while it ran',
      async (queue) => {
        await waitUntil(async () => (await queue.getActiveCount()) === 1, 'the run');
        const { client } = stage;
        await client
          .multi()
          .lrem(queue.toKey('active'), 0, 'a1')
          .del(queue.toKey('a1'), queue.toKey('a1:lock'))
          .exec();
      },
    ],
  ])('go on within five seconds when the owner of a slot %s, and count it', async (how, interfere) => {
    const { broker, queue } = open(ORDERED, undefined);
    // In the lane that Bull knows.
    await add(broker, queue, ['a1', 'a2', 'a3'], { key: 'a' }, toBullPriority(JobPriority.NORMAL));
    const plain = plainQueue();
    await plain.isReady();
    if (how.startsWith('was finished')) await interfere(queue, plain);
    const { seen } = await workOn(
      broker,
      queue,
      (taken) => {
        if (taken.job.id !== 'a1') return completed();
        if (how.startsWith('is a dead letter')) return failed(taken, null);
        return how.startsWith('is in backoff') ? failed(taken, HOUR_MS) : new Promise(() => undefined);
      },
      2,
    );
    if (!how.startsWith('was finished')) await interfere(queue, plain);
    const since = performance.now();
    await waitUntil(() => seen.some(({ id }) => id === 'a3'), 'those behind it');
    const ids = seen.map(({ id }) => id);
    expect(ids.filter((id) => id !== 'a1')).toEqual(['a2', 'a3']);
    expect(performance.now() - since).toBeLessThan(5_000);
    expect((await broker.snapshot(queue)).flow).toMatchObject({ held: 0, parked: 0, repairs: 1 });
  });

  it('drop held jobs that are gone when it would be their turn', async () => {
    const { broker, queue } = open(ORDERED, { ...LOCK, stalledCheckMs: HOUR_MS });
    await add(broker, queue, ['a1', 'a2', 'a3', 'a4']);
    const plain = plainQueue();
    await (await plain.getJob('a2'))?.remove();
    await stage.client.del(queue.toKey('a3'));
    const { seen } = await workOn(broker, queue, () => completed(), 1);
    await waitUntil(() => seen.length === 2, 'two runs');
    expect(seen.map(({ id }) => id)).toEqual(['a1', 'a4']);
    await waitUntil(async () => (await broker.snapshot(queue)).active === 0, 'the last end');
    expect(await broker.snapshot(queue)).toMatchObject({ waiting: 0, failed: 0, flow: { held: 0 } });
    expect(await groupKeys(queue)).toEqual([]);
  });

  it('stay as they were set when all processes start again', async () => {
    const first = open();
    const groups = first.broker.groupsOf(first.queue);
    await groups.pause({ gate: 'key', id: 'a' }, 'abuse');
    await groups.setSlots({ gate: 'key', id: 'b' }, 2);
    await add(first.broker, first.queue, ['a1', 'a2']);
    await add(first.broker, first.queue, ['b1', 'b2', 'b3'], { key: 'b' });
    await first.broker.close();
    const { broker, queue } = open();
    const { worker } = await workOn(broker, queue, () => new Promise(() => undefined), 5);
    await waitUntil(() => worker.active.size === 2, 'two runs');
    expect([...worker.active.keys()].sort()).toEqual(['b1', 'b2']);
    const again = broker.groupsOf(queue);
    expect(await again.read({ gate: 'key', id: 'a' })).toMatchObject({
      paused: { reason: 'abuse' },
      held: 2,
    });
    expect(await again.read({ gate: 'key', id: 'b' })).toMatchObject({ slots: 2, held: 1, admitted: 2 });
  });

  it('start no job of a paused key that a worker had taken ahead', async () => {
    const { broker, queue } = open({ key: { concurrency: 1_000 } });
    const ids = Array.from({ length: 2_000 }, (_, n) => `a${n}`);
    await add(broker, queue, ids);
    let isPaused = false;
    const early: string[] = [];
    const { seen } = await workOn(
      broker,
      queue,
      (taken) => {
        if (isPaused) early.push(String(taken.job.id));
        return completed();
      },
      1,
    );
    await waitUntil(() => seen.length > 300, 'many runs');
    await broker.groupsOf(queue).pause({ gate: 'key', id: 'a' }, 'why');
    isPaused = true;
    await waitUntil(
      async () => (await broker.snapshot(queue)).active === 0,
      'what was taken ahead to go back',
    );
    expect(early).toEqual([]);
    expect(seen.length).toBeLessThan(2_000);
    isPaused = false;
    await broker.groupsOf(queue).resume({ gate: 'key', id: 'a' });
    await waitUntil(() => seen.length === 2_000, 'the rest');
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2_000);
  });

  it('let a single job of a tenant start within two runs behind 100 000 of another, which fill all handlers', async () => {
    const { broker, queue } = open({ tenant: { maxWaiting: 200_000 } });
    for (let from = 0; from < 100_000; from += 5_000) {
      const ids = Array.from({ length: 5_000 }, (_, n) => `A${from + n}`);
      await add(broker, queue, ids, { tenant: 'A' });
    }
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { seen, worker } = await workOn(broker, queue, () => ended.then(() => completed()), 10);
    await waitUntil(() => worker.active.size === 10, 'ten runs');
    expect(seen.every(({ id }) => id.startsWith('A'))).toBe(true);
    await add(broker, queue, ['B0'], { tenant: 'B' });
    end();
    await waitUntil(() => seen.some(({ id }) => id === 'B0'), 'the run of the other');
    const place = seen.findIndex(({ id }) => id === 'B0');
    expect(place).toBeLessThanOrEqual(20);
    await worker.stopFetching();
    await worker.whenIdle();
  });

  it('keep nothing of held jobs that somebody deleted once the queue is purged', async () => {
    const { broker, queue } = open();
    await add(broker, queue, ['a1', 'a2', 'a3']);
    await stage.client.del(queue.toKey('a2'));
    expect(await broker.purge(queue)).toBe(2);
    expect(await groupKeys(queue)).toEqual([]);
    expect(await queue.getWaitingCount()).toBe(0);
  });
});
