import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { RetentionSweeper } from '../../src/message-queue/dead-letter/retention-sweeper.js';
import { QUEUE_DEFAULTS } from '../../src/message-queue/jobs/queue-settings.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { DeadLetterFixture, HandClock, letterQueue } from './dead-letter.fixture.js';
import { clockPasses } from '../support/clock-passes.js';

const HOUR_MS = 3_600_000;

describe.each<ProviderName>(['memory', 'redis'])('Retention on %s', (provider) => {
  let redis: TestRedis | null = null;
  let fixture: DeadLetterFixture;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  afterEach(() => fixture.close());
  afterAll(() => redis?.stop());

  /** Finished jobs, made without the queue's own retention in their options. */
  async function finish(completed: number, failed: number): Promise<void> {
    const { queue } = fixture.queues.get('mail');
    const fates = Array.from({ length: completed }, () => ({}));
    await queue.addBulk(fates.map((data) => ({ name: 'send', data, opts: { removeOnComplete: false } })));
    await fixture.deaths(
      'mail',
      Array.from({ length: failed }, () => ({ errors: ['x'] })),
    );
    await waitUntil(async () => (await queue.getCompletedCount()) === completed, 'jobs to complete');
  }

  const counts = async (): Promise<{ completed: number; failed: number }> => {
    const { queue } = fixture.queues.get('mail');
    return { completed: await queue.getCompletedCount(), failed: await queue.getFailedCount() };
  };
  const queueWith = (completedAgeMs: number, completedCount: number, failedAgeMs: number): void => {
    const retention = { ...QUEUE_DEFAULTS.retention, completedAgeMs, completedCount, failedAgeMs };
    fixture = new DeadLetterFixture(provider, redis, undefined, [letterQueue('mail', { retention })]);
  };

  it('leaves young jobs alone, and keeps no more completed ones than allowed: the newest', async () => {
    queueWith(HOUR_MS, 10, HOUR_MS);
    await fixture.work('mail');
    await finish(30, 5);
    const { queue } = fixture.queues.get('mail');
    const newest = (await queue.getCompleted(0, 0))[0]?.finishedOn ?? 0;
    await clockPasses();
    const sweeper = new RetentionSweeper(fixture.queues, fixture.clock);
    expect(await sweeper.sweep()).toEqual({ completed: 20, failed: 0, more: false });
    expect(await counts()).toEqual({ completed: 10, failed: 5 });
    expect((await queue.getCompleted(0, 0))[0]?.finishedOn).toBe(newest);
    expect(await sweeper.sweep()).toEqual({ completed: 0, failed: 0, more: false });
  });

  it('removes what is too old, at most a thousand of each per pass', async () => {
    queueWith(1, 100_000, 1);
    await fixture.work('mail');
    await finish(1_200, 1_100);
    await clockPasses(1);
    const sweeper = new RetentionSweeper(fixture.queues, fixture.clock);
    expect(await sweeper.sweep()).toEqual({ completed: 1_000, failed: 1_000, more: true });
    expect(await sweeper.sweep()).toEqual({ completed: 200, failed: 100, more: false });
    expect(await counts()).toEqual({ completed: 0, failed: 0 });
  });

  it('sweeps on a schedule, at once again while there is more, and not after stop', async () => {
    queueWith(1, 100_000, 1);
    await fixture.work('mail');
    await finish(1_200, 0);
    const clock = new HandClock();
    const sweeper = new RetentionSweeper(fixture.queues, clock);
    sweeper.start();
    sweeper.start();
    const passes = async (left: number): Promise<unknown> =>
      waitUntil(async () => {
        clock.advance(250);
        return (await counts()).completed === left;
      }, `${left} completed jobs to be left`);
    await passes(0);
    await finish(3, 0);
    clock.advance(30_000);
    expect(await counts()).toMatchObject({ completed: 3 });
    await waitUntil(async () => {
      clock.advance(30_000);
      return (await counts()).completed === 0;
    }, 'the pass of the next minute');
    await sweeper.stop();
    await finish(3, 0);
    clock.advance(300_000);
    await sweeper.stop();
    expect(await counts()).toMatchObject({ completed: 3 });
  });

  it('counts letters anew by steps, at once when the count cannot be right, else from time to time', async () => {
    if (redis === null) return;
    queueWith(HOUR_MS, 10, HOUR_MS);
    await fixture.work('mail');
    await finish(0, 600);
    const client = redis.client();
    try {
      const key = `${fixture.prefix}:mail:mq:dead`;
      const known = (): Promise<(string | null)[]> => client.hmget(key, 'count', 'bytes');
      const sweeper = new RetentionSweeper(fixture.queues, fixture.clock);
      const right = await known();
      expect(right[0]).toBe('600');
      await client.del(key);
      await sweeper.sweep();
      expect(await known()).toEqual(right);
      await client.hset(key, 'bytes', 5);
      await sweeper.sweep();
      // Redis is left alone for a while after it has counted.
      expect(await known()).toEqual(['600', '5']);
      await waitUntil(async () => {
        await sweeper.sweep();
        return (await known())[1] === right[1];
      }, 'the letters to be counted again');
      expect(await client.exists(`${key}:pass`)).toBe(0);
    } finally {
      client.disconnect();
    }
  });
});
