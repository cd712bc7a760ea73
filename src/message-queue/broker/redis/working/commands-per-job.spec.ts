import type { Redis } from 'ioredis';
import { addAll } from '../../../../../test/support/add-all.js';
import { testQueue, workOn } from '../../../../../test/support/redis-broker-fixture.js';
import { redisStage } from '../../../../../test/support/redis-stage.js';
import { waitUntil } from '../../../../../test/support/wait-until.js';

const JOBS = 500;

describe('the commands that Redis runs for a job', () => {
  const stage = redisStage();

  /** Of each command, how often the server has run it, scripts' commands among them. */
  async function commandCounts(client: Redis): Promise<Map<string, number>> {
    const stats = await client.info('commandstats');
    const counts = [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)];
    return new Map(counts.map(([, name = '', calls]) => [name, Number(calls)]));
  }

  /** Of each command, how often it ran per job while a queue was drained. */
  async function drain(listening?: string): Promise<ReadonlyMap<string, number>> {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue());
    if (listening !== undefined) await queue.on(listening, () => undefined).isReady();
    const requests = Array.from({ length: JOBS }, () => ({ name: 'job', data: { n: 1 }, options: {} }));
    await addAll(broker, queue, requests);
    await stage.client.config('RESETSTAT');
    await workOn(broker, queue, undefined, 50);
    const isDone = async (): Promise<boolean> => (await stage.client.zcard(keyOf(queue.name))) === JOBS;
    await waitUntil(isDone, 'the jobs to complete');
    const counts = await commandCounts(stage.client);
    return new Map([...counts].map(([name, calls]) => [name, calls / JOBS]));
  }

  const keyOf = (queue: string): string => `${stage.fixture.prefix}:${queue}:completed`;

  it('are few to take and to complete it: three each, and those that a batch shares', async () => {
    const counts = await drain();
    // A few more come from the checks for stalled jobs.
    const perJob = ['hmget', 'hset', 'lrem', 'set'].map((name) => [name, Math.round(counts.get(name) ?? 0)]);
    expect(perJob).toEqual([
      ['hmget', 2],
      ['hset', 2],
      ['lrem', 1],
      ['set', 1],
    ]);
    expect(counts.get('publish') ?? 0).toBeLessThan(0.1);
    const outside = ['zcard', 'info', 'ping', 'subscribe', 'hello', 'client|setinfo', 'config|resetstat'];
    const total = [...counts].reduce((sum, [name, calls]) => sum + (outside.includes(name) ? 0 : calls), 0);
    expect(total).toBeLessThan(7.5);
  });

  it('tell what somebody listens to', async () => {
    expect((await drain('global:completed')).get('publish')).toBeGreaterThanOrEqual(1);
  });
});
