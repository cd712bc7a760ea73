import type { Queue } from 'bull';
import { addAll } from '../../../../test/support/add-all.js';
import { BrokerFixture, completed, testQueue } from '../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../test/support/redis-stage.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import type { ManagedJobOptions } from '../../jobs/managed-job.js';
import type { Settlement } from '../../jobs/settlement.js';
import type { TakenJob } from '../../jobs/taken-job.js';
import type { RedisQueue } from './bull/redis-queue.js';
import type { RedisBroker } from './redis-broker.js';
import type { LuaScript } from './scripts/lua-script.js';
import { adoptJobsScript } from './scripts/unanswered/adopt-jobs.lua.js';
import { takeJobsScript } from './scripts/take-jobs.lua.js';

const HOUR_MS = 3_600_000;
/** Looks often enough that no test need wait; nobody renews a lock that a test deletes. */
const LOCK = { durationMs: HOUR_MS, renewMs: HOUR_MS, stalledCheckMs: 100 };
/** As many commands as a busy loop of 5 ms sends in a second, halved. */
const A_LOOP = 100;

describe('batches in Redis', () => {
  const stage = redisStage({ withProblems: true });
  const definition = (size: number) =>
    testQueue('work', { flow: { jobs: { job: { batch: { size, waitMs: HOUR_MS } } } } });

  function open(size = 3): { broker: RedisBroker; queue: RedisQueue } {
    const broker = stage.fixture.broker({ lock: LOCK });
    return { broker, queue: broker.createQueue(definition(size)) as RedisQueue };
  }

  function add(
    broker: RedisBroker,
    queue: Queue,
    ids: readonly string[],
    options: ManagedJobOptions = {},
  ): Promise<string[]> {
    return addAll(
      broker,
      queue,
      ids.map((jobId) => ({ name: 'job', data: {}, options: { ...options, jobId } })),
    );
  }

  /** Works on a queue. @returns the ids of each run that began */
  async function work(
    broker: RedisBroker,
    queue: Queue,
    end: (members: readonly TakenJob[]) => Promise<unknown> = () => Promise.resolve(),
    concurrency = 1,
  ): Promise<string[][]> {
    const runs: string[][] = [];
    const run = async (members: readonly TakenJob[]): Promise<Settlement[]> => {
      runs.push(members.map(({ job }) => String(job.id)));
      await end(members);
      return members.map(() => completed());
    };
    await broker.work(queue, concurrency, async (taken) => (await run([taken]))[0] as Settlement, run);
    return runs;
  }

  const eval_ = (queue: RedisQueue, { lua }: LuaScript, ...args: (string | number)[]): Promise<unknown> =>
    stage.client.eval(lua, 1, queue.toKey(''), ...args);

  it('run again as a whole when their worker dies, each member completed once', async () => {
    const { broker, queue } = open();
    const ids = await add(broker, queue, ['a', 'b', 'c']);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const died = await work(broker, queue, () => ended);
    await waitUntil(() => died.length === 1, 'the first run');
    const other = open();
    const runs = await work(other.broker, other.queue);
    const later = await add(broker, queue, ['d', 'e', 'f']);
    await stage.client.del(ids.map((id) => queue.toKey(`${id}:lock`)));
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 6, 'all members');
    end();
    expect(died).toEqual([ids]);
    expect(runs).toEqual([ids, later]);
    const crashes = await Promise.all(ids.map((id) => stage.client.hget(queue.toKey(id), 'mqCrashes')));
    for (const text of crashes) expect(text?.match(/"kind":"crash"/g)).toHaveLength(1);
    expect(
      await stage.client.exists(queue.toKey('mq:held'), queue.toKey('mq:wake'), queue.toKey('mq:groups')),
    ).toBe(0);
  });

  it('leave out a member that crashed twice, which runs alone', async () => {
    const { broker, queue } = open(2);
    await add(broker, queue, ['a']);
    const crash = '{"at":1,"attempt":1,"kind":"crash","error":"WorkerCrashed","message":"gone"}';
    await add(broker, queue, ['b']);
    await stage.client.hset(queue.toKey('b'), 'mqCrashes', `${crash},${crash}`);
    const runs = await work(broker, queue);
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 2, 'both');
    expect(runs).toEqual([['a'], ['b']]);
  });

  it('keep nobody awake while one of them waits for the others, which run on', async () => {
    const { broker, queue } = open(2);
    const [, lost = ''] = await add(broker, queue, ['a', 'b']);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const runs = await work(broker, queue, (members) => (members.length > 1 ? ended : Promise.resolve()), 2);
    await waitUntil(() => runs.length === 1, 'the run');
    await stage.client.del(queue.toKey(`${lost}:lock`));
    await waitUntil(async () => (await broker.snapshot(queue)).flow.held === 1, 'the lost member to be held');
    const group = { gate: 'batch', id: 'job' } as const;
    expect(await broker.groupsOf(queue).read(group)).not.toHaveProperty('opensAt');
    expect(
      (await broker.groupsOf(queue).list({ state: 'sleeping', cursor: null, limit: 10 })).groups,
    ).toEqual([]);
    await stage.client.config('RESETSTAT');
    await broker.addOnce(queue, { name: 'other', data: {}, options: { delay: 1_000, jobId: 'later' } });
    await waitUntil(async () => (await queue.getJob('later'))?.finishedOn !== null, 'a second');
    const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await stage.client.info('commandstats'))?.[1];
    expect(Number(calls)).toBeLessThan(A_LOOP);
    end();
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 3, 'both members');
    expect(runs.filter((members) => members[0] !== 'later')).toEqual([['a', 'b'], ['b']]);
  });

  it('wait no longer when the first of them expires just as it is reached', async () => {
    const { broker, queue } = open();
    await add(broker, queue, ['late'], { mq: { expiresInMs: HOUR_MS } });
    await add(broker, queue, ['b', 'c']);
    await stage.client.hset(queue.toKey('late'), 'mqExpires', 1);
    const args = [1, Date.now(), 'token', 50_000, ''] as const;
    const [[leader]] = (await eval_(queue, takeJobsScript, ...args)) as [(string | string[][])[][]];
    expect((await broker.snapshot(queue)).expired).toBe(1);
    expect(leader?.[5]).toBe('b');
    expect((leader?.at(-1) as string[][]).map((entry) => entry[5])).toEqual(['c']);
  });

  it('are found whole when the answer that brought several was lost, few as may be asked for', async () => {
    const { broker, queue } = open(2);
    const requests = ['x', 'a', 'b', 'y'].map((jobId) => ({
      ...{ name: jobId < 'c' ? 'job' : 'other', data: {} },
      options: { jobId },
    }));
    await addAll(broker, queue, requests);
    await eval_(queue, takeJobsScript, 3, Date.now(), 'token', 50_000, '');
    expect(await stage.client.llen(queue.toKey('active'))).toBe(4);
    const [found] = (await eval_(queue, adoptJobsScript, 'token', 50_000, 1)) as [string[][]];
    expect(found.map((entry) => entry[5]).sort()).toEqual(['a', 'b']);
  });

  it('run once when the answer that brought them was lost', async () => {
    const proxy = await TcpProxy.start(stage.redis.port);
    const behind = new BrokerFixture({ port: proxy.port });
    const worker = behind.broker({ prefix: stage.fixture.prefix, socketTimeoutMs: 400 });
    const { broker, queue } = open();
    await broker.addOnce(queue, { name: 'other', data: {}, options: { jobId: 'x' } });
    const ids = await add(broker, queue, ['a', 'b', 'c']);
    let end: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (end = resolve));
    const runs = await work(worker, worker.createQueue(definition(3)), () =>
      runs.length === 1 ? first : Promise.resolve(),
    );
    await waitUntil(() => runs.length === 1, 'the job before it');
    // The call that ends that job takes the batch; its answer vanishes.
    proxy.swallowReplies();
    end();
    await waitUntil(async () => (await broker.snapshot(queue)).waiting === 0, 'the batch to be taken');
    proxy.heal();
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 4, 'all');
    expect(runs.map((members) => [...members].sort())).toEqual([['x'], ids]);
    await behind.close();
    await proxy.stop();
  });

  it('leave a rate in force when their queue is obliterated', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('rated', { flow: { rate: { limit: 1, perMs: HOUR_MS } } }));
    const runs = await work(broker, queue);
    await waitUntil(async () => (await stage.client.exists(queue.toKey('mq:flow'))) === 1, 'the policy');
    await queue.obliterate({ force: true });
    await queue.resume();
    await add(broker, queue, ['a', 'b']);
    await waitUntil(async () => (await broker.snapshot(queue)).completed === 1, 'the first');
    await broker.addOnce(queue, { name: 'job', data: {}, options: { jobId: 'c' } });
    await waitUntil(async () => (await broker.snapshot(queue)).waiting === 2, 'the others to wait');
    expect(runs).toEqual([['a']]);
  });

  it('are collected as before once Redis has come back without their policy', async () => {
    const { broker, queue } = open(2);
    const policy = (): Promise<string | null> => stage.client.get(queue.toKey('mq:flow'));
    await work(broker, queue);
    await waitUntil(async () => (await policy()) !== null, 'the policy');
    const before = await policy();
    await stage.client.del(queue.toKey('mq:flow'));
    await stage.client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await waitUntil(async () => (await policy()) !== null, 'the policy again');
    expect(await policy()).toBe(before);
  });
});
