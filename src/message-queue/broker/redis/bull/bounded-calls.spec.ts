import { getMaxListeners } from 'node:events';
import { request } from '../../../../../test/support/add-requests.js';
import {
  ADD_TIMEOUT_MS,
  BrokerFixture,
  completed,
  testQueue,
  workOn,
} from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { RedisBroker } from '../redis-broker.js';
import type { RedisQueue } from './redis-queue.js';

const CALLS: readonly [name: string, call: (queue: RedisQueue, broker: RedisBroker) => Promise<unknown>][] = [
  ['getJob', (queue) => queue.getJob('x')],
  ['getJobs', (queue) => queue.getJobs(['waiting'])],
  ['getWaiting', (queue) => queue.getWaiting()],
  ['getFailed', (queue) => queue.getFailed(0, 10)],
  ['getJobLogs', (queue) => queue.getJobLogs('x')],
  ['getJobCounts', (queue) => queue.getJobCounts()],
  ['count', (queue) => queue.count()],
  ['getRepeatableJobs', (queue) => queue.getRepeatableJobs()],
  ['getWorkers', (queue) => queue.getWorkers()],
  ['getMetrics', (queue) => queue.getMetrics('completed')],
  ['isPaused', (queue) => queue.isPaused()],
  ['pause', (queue) => queue.pause()],
  ['resume', (queue) => queue.resume()],
  ['clean', (queue) => queue.clean(0, 'completed')],
  ['empty', (queue) => queue.empty()],
  ['removeJobs', (queue) => queue.removeJobs('x*')],
  ['removeRepeatable', (queue) => queue.removeRepeatable('job', { every: 1_000 })],
  ['obliterate', (queue) => queue.obliterate({ force: true })],
  ['cancel', (queue, broker) => broker.cancel(queue, 'y', 'no need')],
  ['snapshot', (queue, broker) => broker.snapshot(queue)],
  [
    'readFailed',
    (queue, broker) => broker.readFailed(queue, { order: 'newest', start: 0, size: 9, payloads: true }),
  ],
  ['replay', (queue, broker) => broker.replay(queue, [{ id: 'x' }], { at: 1, by: 'a test' })],
  ['discard', (queue, broker) => broker.discard(queue, [{ id: 'x' }])],
  ['purge', (queue, broker) => broker.purge(queue)],
];

describe('calls of a queue', () => {
  let redis: TestRedis;
  let fixture: BrokerFixture;

  beforeEach(async () => {
    redis = await TestRedis.start(['--appendonly', 'yes']);
    fixture = new BrokerFixture(redis);
  });
  afterEach(async () => {
    await fixture.close();
    await redis.stop();
  });

  it('may be any number at a time, without a warning of Node', () => {
    const queue = fixture.broker().createQueue(testQueue()) as RedisQueue;
    const { ended } = queue as unknown as { readonly ended: AbortController };
    expect(getMaxListeners(ended.signal)).toBe(Infinity);
  });

  it.each([['is gone'], ['does not answer']])(
    'reject soon when Redis %s, and work again when it is back',
    async (how) => {
      const recovered: string[] = [];
      const onNotice = (message: string): void => void recovered.push(message);
      const broker = fixture.broker({ socketTimeoutMs: 1_500, enqueueTimeoutMs: 500, onNotice });
      const queue = broker.createQueue(testQueue()) as RedisQueue;
      await broker.addOnce(queue, request({ options: { jobId: 'x' }, deadlineMs: ADD_TIMEOUT_MS }));
      if (how === 'is gone') await redis.kill();
      else redis.signal('SIGSTOP');
      const startedAt = performance.now();
      const outcomes = await Promise.all(
        CALLS.map(async ([name, call]) => {
          const error = await call(queue, broker).catch((reason: unknown) => reason);
          return { name, error, tookMs: performance.now() - startedAt };
        }),
      );
      for (const { name, error, tookMs } of outcomes) {
        expect([name, error]).toEqual([name, expect.any(BrokerUnavailableError)]);
        // Unbounded, some take 45 s and some forever.
        expect([name, tookMs < 20_000]).toEqual([name, true]);
        expect((error as Error).message).toMatch(
          /Redis has been away for \d s; .*(\(\)|jobs?|letters|schedules?) of queue "work" got no answer/,
        );
      }
      for (const add of [queue.add('job', {}), queue.addBulk([{ name: 'job', data: {} }])]) {
        await expect(add).rejects.toThrow(BrokerUnavailableError);
      }
      const { reachable, findings } = await broker.inspectServer();
      expect([reachable, findings[0]?.message]).toEqual([
        false,
        expect.stringMatching(/(ECONNREFUSED|timeout|Socket).*Check REDIS_URL/i),
      ]);
      // Two errors a second would be many more by now.
      expect(fixture.problems.length).toBeLessThanOrEqual(4);
      expect(fixture.problems[0]?.message).toMatch(/^A connection to Redis failed: .* Check that Redis runs/);
      // Answered here, whatever Redis does.
      expect(await queue.isPaused(true)).toBe(false);
      if (how === 'is gone') await redis.spawn();
      else redis.signal('SIGCONT');
      await waitUntil(
        () =>
          queue
            .count()
            .catch(() => null)
            .then((count) => count !== null),
        'an answer',
      );
      expect(recovered).toEqual([expect.stringMatching(/^Redis answers again, after \d+ s\.$/)]);
    },
    30_000,
  );

  it('may wait for long while Redis is there: a local pause waits for the jobs that run here', async () => {
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { seen } = await workOn(broker, queue, async () => {
      await ended;
      return completed();
    });
    await queue.add('job', {});
    await waitUntil(() => seen.length === 1, 'the job to start');
    const paused = queue.pause(true);
    expect(await queue.getJobCounts()).toMatchObject({ active: 1 });
    end();
    await paused;
    expect(await queue.isPaused(true)).toBe(true);
  });
});
