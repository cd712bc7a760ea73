import { request } from '../../../../../test/support/add-requests.js';
import { loseNextAnswer, reconnect } from '../../../../../test/support/lost-answer.js';
import { BrokerFixture, testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { JobEnd } from '../../../jobs/events/job-end.js';
import type { ManagedJobOptions } from '../../../jobs/managed-job.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import type { RedisBroker } from '../redis-broker.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { cancelJobScript } from '../scripts/cancel-job.lua.js';
import type { LuaScript } from '../scripts/lua-script.js';
import { eraseJobsScript, eraseWaitingScript } from '../scripts/remove-jobs.lua.js';

const DELAYED = { delay: 3_600_000 };

describe('jobs that are ended by a call whose answer is lost', () => {
  const stage = redisStage({ withProblems: true });
  let proxy: TcpProxy;
  let behind: BrokerFixture;
  let broker: RedisBroker;
  let queue: RedisQueue;
  let ends: JobEnd[];

  beforeEach(async () => {
    proxy = await TcpProxy.start(stage.redis.port);
    behind = new BrokerFixture({ port: proxy.port });
    broker = behind.broker();
    queue = broker.createQueue(testQueue()) as RedisQueue;
    ends = [];
    queue.on(JOB_ENDED, (end: JobEnd) => ends.push(end));
  });
  afterEach(async () => {
    await behind.close();
    await proxy.stop();
  });

  const add = async (options: ManagedJobOptions = {}): Promise<string> =>
    (await broker.addOnce(queue, request({ data: { secret: 'word' }, options }))).id;
  const cancel = (id: string): Promise<unknown> => broker.cancel(queue, id, 'no');
  const erase = (...ids: string[]): Promise<unknown> => broker.jobsOf(queue).erase(ids);
  const isGone = async (id: string): Promise<boolean> => (await stage.client.exists(queue.toKey(id))) === 0;
  const isDead = async (id: string): Promise<boolean> =>
    (await stage.client.zscore(queue.toKey('failed'), id)) !== null;

  /** @returns what the call is answered with, once it was sent again */
  async function unanswered(
    script: LuaScript,
    call: () => Promise<unknown>,
    isDone: () => Promise<boolean>,
  ): Promise<unknown> {
    loseNextAnswer(proxy, script);
    const answer = call();
    await waitUntil(isDone, 'Redis to have done it');
    reconnect(proxy);
    return answer;
  }

  it('are told once when they were cancelled, and the caller hears that they were', async () => {
    await cancel(await add());
    const id = await add({ mq: { correlationId: 'c-1' } });
    const answer = await unanswered(
      cancelJobScript,
      () => cancel(id),
      () => isDead(id),
    );
    expect(answer).toBe('removed');
    expect(ends.slice(1)).toMatchObject([
      { jobId: id, outcome: 'cancelled', correlationId: 'c-1', payload: { secret: 'word' } },
    ]);
    expect(await cancel(id)).toBe('finished');
    expect(ends).toHaveLength(2);
  });

  it.each([
    ['from a lane', {}, eraseWaitingScript],
    ['from anywhere else', DELAYED, eraseJobsScript],
  ])('are told once when they were erased %s, and the caller hears which', async (_where, place, script) => {
    await erase(await add(place));
    const ids = [await add({ ...place, mq: { correlationId: 'c-1' } }), await add(place)] as const;
    const answer = await unanswered(
      script,
      () => erase(...ids),
      async () => (await isGone(ids[0])) && (await isGone(ids[1])),
    );
    expect(answer).toEqual({ removed: expect.arrayContaining([...ids]) as string[], running: [] });
    expect(ends.slice(1).sort((a, b) => ids.indexOf(a.jobId) - ids.indexOf(b.jobId))).toMatchObject([
      {
        jobId: ids[0],
        job: 'job',
        outcome: 'shredded',
        correlationId: 'c-1',
        attempt: 1,
        payload: undefined,
      },
      { jobId: ids[1], job: 'job', outcome: 'shredded', correlationId: ids[1], attempt: 1 },
    ]);
    expect(await erase(...ids)).toEqual({ removed: [], running: [] });
    expect(ends).toHaveLength(3);
  });

  it('are named to who erased them though they had ended, and told no second time', async () => {
    await erase(await add(DELAYED));
    const id = await add();
    await cancel(id);
    ends.length = 0;
    const answer = await unanswered(
      eraseJobsScript,
      () => erase(id),
      () => isGone(id),
    );
    expect(answer).toEqual({ removed: [id], running: [] });
    expect(ends).toEqual([]);
  });

  it('are told when the answer comes after nobody has waited for it any more', async () => {
    await erase(await add());
    const id = await add();
    loseNextAnswer(proxy, eraseWaitingScript);
    const answer = erase(id);
    await waitUntil(() => isGone(id), 'Redis to have done it');
    proxy.refuse();
    await expect(answer).rejects.toThrow(BrokerUnavailableError);
    reconnect(proxy);
    await waitUntil(() => ends.length === 2, 'its end');
    expect(ends[1]).toMatchObject({ jobId: id, outcome: 'shredded' });
  });

  it('leave neither what they hold nor their ids with what is kept of such a call, and that for a minute', async () => {
    const ids = [await add({ jobId: 'of-alice' }), await add({ jobId: 'of-bob', ...DELAYED })];
    await erase(...ids);
    const kept = await stage.client.keys(queue.toKey('mq:reply:*'));
    expect(kept).toHaveLength(2);
    for (const key of kept) {
      expect((await stage.client.lrange(key, 0, -1)).join()).not.toMatch(/word|alice|bob/);
      const left = await stage.client.ttl(key);
      expect(left > 0 && left <= 60).toBe(true);
    }
  });

  it('are all that is kept: a call that ended nothing leaves nothing', async () => {
    await erase('unknown');
    await cancel('unknown');
    expect(await stage.client.keys(queue.toKey('mq:reply:*'))).toEqual([]);
  });
});
