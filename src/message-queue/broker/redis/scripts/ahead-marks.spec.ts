import { addAll } from '../../../../../test/support/add-all.js';
import { testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { adoptJobsScript } from './unanswered/adopt-jobs.lua.js';
import { completeJobsScript } from './complete-jobs.lua.js';
import { recoverStalledScript } from './keep-jobs.lua.js';
import type { LuaScript } from './lua-script.js';
import { TAKEN_FIELDS } from './functions/read-job.lua.js';

describe('the marks of jobs that were taken ahead', () => {
  const stage = redisStage();

  /** A queue with so many jobs, all of which a worker has taken ahead. */
  async function ahead(jobs: number) {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const requests = Array.from({ length: jobs }, () => ({ name: 'job', data: {}, options: {} }));
    const ids = await addAll(broker, queue, requests);
    const run = ({ lua }: LuaScript, ...args: (string | number)[]) =>
      stage.client.eval(lua, 1, queue.toKey(''), ...args);
    await run(completeJobsScript, 'token', Date.now(), 50_000, jobs, '', 0, 0, 0);
    /** Jobs must be seen twice without a lock. */
    const recover = async (): Promise<void> => {
      for (const _ of [1, 2]) {
        await stage.client.del(queue.toKey('stalled-check'));
        await run(recoverStalledScript, Date.now(), 50_000, 5);
      }
    };
    return { queue, ids, run, recover };
  }

  it('go with jobs that Redis lost', async () => {
    const { queue, ids, recover } = await ahead(2);
    expect(await stage.client.scard(queue.toKey('mq:ahead'))).toBe(2);
    await stage.client.del(ids.flatMap((id) => [queue.toKey(id), queue.toKey(`${id}:lock`)]));
    await recover();
    expect(await stage.client.exists(queue.toKey('active'), queue.toKey('mq:ahead'))).toBe(0);
  });

  it('stay when the search for lost answers finds the jobs, which still wait then', async () => {
    const { queue, ids, run, recover } = await ahead(1);
    const [id = ''] = ids;
    const [[found]] = (await run(adoptJobsScript, 'token', 50_000, 3)) as [(string | null)[][]];
    expect([found?.[5], found?.[TAKEN_FIELDS.indexOf('mqHeld')]]).toEqual([id, 'ahead']);
    await stage.client.del(queue.toKey(`${id}:lock`));
    await recover();
    expect(await stage.client.hmget(queue.toKey(id), 'mqRun', 'mqCrashes')).toEqual([null, null]);
    expect((await queue.getWaiting()).map((job) => job.id)).toEqual([id]);
  });
});
