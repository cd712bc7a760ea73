import { request } from '../../../../../../test/support/add-requests.js';
import { loseNextAnswer, reconnect } from '../../../../../../test/support/lost-answer.js';
import {
  BrokerFixture,
  completed,
  testQueue,
  workOn,
} from '../../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { TcpProxy } from '../../../../../../test/support/tcp-proxy.js';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import type { JobEnd } from '../../../../jobs/events/job-end.js';
import { QUEUE_DEFAULTS } from '../../../../jobs/queue-settings.js';
import { JOB_ENDED } from '../../../rules/events/local-events.js';
import type { RedisBroker } from '../../redis-broker.js';
import type { RedisQueue } from '../../bull/redis-queue.js';
import { completeJobsScript } from '../../scripts/complete-jobs.lua.js';
import { expireJobsScript } from '../../scripts/expiry/expire-jobs.lua.js';

const HOUR_MS = 3_600_000;

describe('jobs that are found expired by a call whose answer is lost', () => {
  const stage = redisStage({ withProblems: true });
  let proxy: TcpProxy;
  let behind: BrokerFixture;
  let broker: RedisBroker;
  let ends: JobEnd[];

  beforeEach(async () => {
    proxy = await TcpProxy.start(stage.redis.port);
    behind = new BrokerFixture({ port: proxy.port });
    broker = behind.broker();
    ends = [];
  });
  afterEach(async () => {
    await behind.close();
    await proxy.stop();
  });

  function open(completedCount = 100): RedisQueue {
    const retention = { ...QUEUE_DEFAULTS.retention, completedCount };
    const queue = broker.createQueue(testQueue('work', { retention })) as RedisQueue;
    queue.on(JOB_ENDED, (end: JobEnd) => ends.push(end));
    return queue;
  }
  const add = async (queue: RedisQueue, expiresInMs = HOUR_MS): Promise<string> => {
    const options = { mq: { expiresInMs, correlationId: 'c-1' } };
    return (await broker.addOnce(queue, request({ options }))).id;
  };
  /** How many have expired. */
  const expired = async (queue: RedisQueue): Promise<number> =>
    Number((await stage.client.hget(queue.toKey('mq:flow:figures'), 'expired')) ?? 0);

  it.each([
    ['with what is still stored of them', 100, { a: 1 }],
    ['without a payload where none is kept', 0, undefined],
  ])('are told once by the timer, %s', async (_how, completedCount, payload) => {
    const queue = open(completedCount);
    await workOn(broker, queue);
    await queue.pause();
    const first = await add(queue, 200);
    await waitUntil(() => ends.length === 1, 'the timer');
    loseNextAnswer(proxy, expireJobsScript);
    const id = await add(queue, 200);
    await waitUntil(async () => (await expired(queue)) === 2, 'Redis to have ended it');
    reconnect(proxy);
    await waitUntil(() => ends.length === 2, 'its end');
    const last = await add(queue, 200);
    await waitUntil(() => ends.length === 3, 'that of another');
    expect(ends.map(({ jobId }) => jobId)).toEqual([first, id, last]);
    expect(ends[1]).toMatchObject({ outcome: 'expired', correlationId: 'c-1', payload });
  });

  it.each([
    ['is lost', true],
    ['came', false],
  ])('are told once by their worker, when the answer to its take %s', async (_how, isLost) => {
    const queue = open();
    let end = (): void => undefined;
    const { seen } = await workOn(
      broker,
      queue,
      () => new Promise((resolve) => (end = () => resolve(completed()))),
      1,
    );
    await broker.addOnce(queue, request());
    await waitUntil(() => seen.length === 1, 'a run');
    end();
    await broker.addOnce(queue, request());
    await waitUntil(() => seen.length === 2, 'the run before it');
    const id = await add(queue);
    await stage.client.hset(queue.toKey(id), 'mqExpires', 1);
    if (isLost) loseNextAnswer(proxy, completeJobsScript);
    // The call that ends the run takes what is next.
    end();
    await waitUntil(async () => (await expired(queue)) === 1, 'Redis to have ended it');
    if (!isLost) await waitUntil(() => ends.length === 1, 'its end');
    reconnect(proxy);
    for (const runs of [3, 4]) {
      await broker.addOnce(queue, request());
      await waitUntil(() => seen.length === runs, 'another run');
      end();
    }
    expect(ends).toMatchObject([{ jobId: id, outcome: 'expired', correlationId: 'c-1', payload: { a: 1 } }]);
  });
});
