import { randomUUID } from 'node:crypto';
import { addAll } from '../../../../../../test/support/add-all.js';
import { testQueue, workOn } from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import type { JobEnd } from '../../../../jobs/events/job-end.js';
import { JOB_ENDED } from '../../../rules/events/local-events.js';
import type { RedisQueue } from '../../bull/redis-queue.js';
import { completeJobsScript } from '../complete-jobs.lua.js';
import { passOnScript, releaseJobsScript } from '../fail-job.lua.js';
import { recoverStalledScript } from '../keep-jobs.lua.js';
import type { LuaScript } from '../lua-script.js';
import { expireJobsScript } from './expire-jobs.lua.js';

const HOUR_MS = 3_600_000;

describe('jobs that must start by a time', () => {
  const stage = redisStage();

  function open() {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const key = (name: string): string => queue.toKey(name);
    const add = async (expiresInMs: number): Promise<string> =>
      (await broker.addOnce(queue, { name: 'job', data: {}, options: { mq: { expiresInMs } } })).id;
    const run = ({ lua }: LuaScript, ...args: (string | number)[]) =>
      stage.client.eval(lua, 1, key(''), ...args);
    /** Its time passes. */
    const makeLate = async (id: string): Promise<void> => {
      await stage.client.hset(key(id), 'mqExpires', 1);
      if ((await stage.client.zscore(key('mq:expires'), id)) !== null)
        await stage.client.zadd(key('mq:expires'), 1, id);
    };
    const expire = async (): Promise<string[]> => {
      const [ended] = (await run(expireJobsScript, Date.now(), 100, HOUR_MS, randomUUID())) as [string[][]];
      return ended.map(([id = '']) => id);
    };
    /** Whether it still must start by a time, and whether the timer knows that. */
    const marks = async (id: string): Promise<[boolean, boolean]> => [
      (await stage.client.hget(key(id), 'mqExpires')) !== null,
      (await stage.client.zscore(key('mq:expires'), id)) !== null,
    ];
    /** Takes all that waits, so many of which begin at once. @returns the run */
    const take = async (starts: number): Promise<string> => {
      const reply = await run(completeJobsScript, 'token', Date.now(), 50_000, 10, '', starts, 0, 0);
      return (reply as unknown[])[4] as string;
    };
    return { broker, queue, key, add, run, makeLate, expire, marks, take };
  }

  it('are not looked for in a long lane, but ended when they are reached', async () => {
    const { broker, queue, key, add, makeLate, expire, marks } = open();
    const id = await add(HOUR_MS);
    const others = Array.from({ length: 999 }, () => ({ name: 'job', data: {}, options: {} }));
    await addAll(broker, queue, others);
    await makeLate(id);
    expect(await expire()).toEqual([]);
    expect(await marks(id)).toEqual([true, false]);
    const ends: JobEnd[] = [];
    queue.on(JOB_ENDED, (end: JobEnd) => ends.push(end));
    const { seen } = await workOn(broker, queue);
    await waitUntil(() => seen.length === 999, 'the others');
    expect(ends).toMatchObject([{ jobId: id, outcome: 'expired' }]);
    expect(await stage.client.zcard(key('mq:expired'))).toBe(1);
    expect(await stage.client.exists(key('active'), key('mq:expires'))).toBe(0);
  });

  it('are looked for in a short one, however late the timer is, and ended once', async () => {
    const { add, makeLate, expire } = open();
    const ids = [await add(HOUR_MS), await add(HOUR_MS)];
    for (const id of ids) await makeLate(id);
    expect((await expire()).sort()).toEqual(ids.sort());
    expect(await expire()).toEqual([]);
  });

  it('have started once somebody took them who knows nothing of it', async () => {
    const { key, add, makeLate, expire, marks } = open();
    const id = await add(HOUR_MS);
    await makeLate(id);
    await stage.client.rpoplpush(key('mq:lane:0'), key('active'));
    expect(await expire()).toEqual([]);
    expect(await marks(id)).toEqual([false, false]);
  });

  it.each([
    ['have not started when their worker dies that took them ahead', 0, [true, true]],
    ['have started when their worker dies', 1, [false, false]],
  ])('%s', async (_what, starts, expected) => {
    const { key, add, run, marks, take } = open();
    const id = await add(HOUR_MS);
    await take(starts);
    expect(await marks(id)).toEqual([true, false]);
    await stage.client.del(key(`${id}:lock`));
    for (const _ of [1, 2]) {
      await stage.client.del(key('stalled-check'));
      await run(recoverStalledScript, Date.now(), 50_000, 5);
    }
    expect(await marks(id)).toEqual(expected);
  });

  it.each([
    ['have not started when they are handed back without a run', '', [true, true]],
    ['have started when their run is put off', '1', [false, false]],
  ])('%s', async (_what, begun, expected) => {
    const { add, run, marks, take } = open();
    const id = await add(HOUR_MS);
    const fence = await take(1);
    expect(await run(releaseJobsScript, 'token', id, fence, 0, '', begun, '')).toEqual([1]);
    expect(await marks(id)).toEqual(expected);
  });

  it('have not started where no worker knows them', async () => {
    const { add, run, marks, take, makeLate, expire } = open();
    const id = await add(HOUR_MS);
    const fence = await take(1);
    const now = Date.now();
    expect(await run(passOnScript, 'token', id, fence, now, 50_000, 50_000, now, 2, 0, 0)).toBe(1);
    expect(await marks(id)).toEqual([true, true]);
    await makeLate(id);
    expect(await expire()).toEqual([id]);
  });

  it.each(['mqCancel', 'mqErased'])('do not expire when it is decided how they end: %s', async (mark) => {
    const { key, add, makeLate, expire, take } = open();
    const [one, other] = [await add(HOUR_MS), await add(HOUR_MS)];
    for (const id of [one, other]) {
      await stage.client.hset(key(id), mark, 'why');
      await makeLate(id);
    }
    expect(await expire()).toEqual([]);
    await take(10);
    expect(await stage.client.llen(key('active'))).toBe(2);
  });

  it('go by their hash: an id that was used before says nothing', async () => {
    const { broker, queue, key, expire } = open();
    await broker.addOnce(queue, { name: 'job', data: {}, options: { jobId: 'mine' } });
    const later = { name: 'job', data: {}, options: { jobId: 'late', mq: { expiresInMs: HOUR_MS } } };
    await broker.addOnce(queue, later);
    await stage.client.zadd(key('mq:expires'), 1, 'mine', 1, 'gone', 1, 'late');
    expect(await expire()).toEqual([]);
    expect(await stage.client.zrange(key('mq:expires'), 0, -1)).toEqual(['late']);
  });

  it.each<[what: string, remove: (queue: RedisQueue) => Promise<unknown>]>([
    ['remove()', async (queue) => (await queue.getJobs(['waiting', 'delayed'])).map((job) => job.remove())],
    ['removeJobs()', (queue) => queue.removeJobs('*')],
    ['clean()', (queue) => Promise.all([queue.clean(0, 'wait'), queue.clean(0, 'delayed')])],
    ['obliterate()', (queue) => queue.pause().then(() => queue.obliterate())],
  ])('leave nothing behind after %s', async (_what, remove) => {
    const { queue, broker, key, add } = open();
    await add(HOUR_MS);
    const delayed = { delay: HOUR_MS, mq: { expiresInMs: HOUR_MS } };
    await broker.addOnce(queue, { name: 'job', data: {}, options: delayed });
    await remove(queue);
    await waitUntil(async () => (await stage.client.exists(key('mq:expires'))) === 0, 'their times to go');
  });

  it('leave nothing behind that stays when they expired and the queue is obliterated', async () => {
    const { queue, key, add, makeLate, expire } = open();
    const id = await add(HOUR_MS);
    await makeLate(id);
    await expire();
    expect(await stage.client.exists(key(id), key('mq:expired'), key('mq:flow:figures'))).toBe(3);
    await queue.pause();
    await queue.obliterate();
    // What the call did that ended it, in case its answer was lost.
    const left = await stage.client.keys(key('*'));
    expect(left).toEqual([expect.stringContaining(key('mq:reply:'))]);
    expect(await stage.client.ttl(left[0] ?? '')).toBeGreaterThan(0);
  });

  it('are refused, and others go on, while something else stands where their times belong', async () => {
    const { broker, queue, key, add } = open();
    await stage.client.set(key('mq:expires'), 'x');
    await expect(add(HOUR_MS)).rejects.toThrow('WRONGTYPE');
    expect(await stage.client.exists(key('mq:lane:0'))).toBe(0);
    expect((await broker.snapshot(queue)).wrongKeys).toMatchObject([{ key: key('mq:expires') }]);
    await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
    expect(await stage.client.llen(key('mq:lane:0'))).toBe(1);
  });
});
