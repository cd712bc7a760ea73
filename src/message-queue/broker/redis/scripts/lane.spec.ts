import { addAll } from '../../../../../test/support/add-all.js';
import { Redis } from 'ioredis';
import { BrokerFixture, testQueue } from '../../../../../test/support/redis-broker-fixture.js';
import { TestRedis } from '../../../../../test/support/redis-server.js';
import type { AddRequest } from '../../broker.js';

/** A small, repeatable random generator (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('lanes of waiting jobs', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = new Redis(redis.port);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  const order = async (base: string): Promise<string[]> =>
    (await client.lrange(`${base}wait`, 0, -1)).reverse();
  const request = (jobId: string, priority: number): AddRequest => ({
    name: 'job',
    data: {},
    options: { jobId, ...(priority > 0 && { priority }) },
  });

  it.each([1, 2, 3, 4])(
    'keeps the most important first, and first in first out within a level (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      const fixture = new BrokerFixture(redis);
      const broker = fixture.broker();
      const queue = broker.createQueue(testQueue());
      const model: { id: string; level: number }[] = [];
      for (let step = 0; step < 150; step += 1) {
        // One at a time and in bursts: the three ways to insert are chosen by what is cheapest.
        const burst = random() < 0.2 ? Math.ceil(random() * 120) : 1;
        const priority = Math.floor(random() * (seed === 4 ? 3 : 11));
        const requests = Array.from({ length: burst }, (_, i) => request(`j-${step}-${i}`, priority));
        await addAll(broker, queue, requests);
        for (const { options } of requests)
          model.push({ id: String(options.jobId), level: priority === 0 ? 99 : priority });
      }
      const expected = model.map((job, i) => ({ ...job, i })).sort((a, b) => a.level - b.level || a.i - b.i);
      expect(await order(queue.toKey(''))).toEqual(expected.map(({ id }) => id));
      await fixture.close();
    },
  );

  it('agrees with a plain Bull producer on the same queue', async () => {
    const fixture = new BrokerFixture(redis);
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue());
    const { default: Bull } = await import('bull');
    const plain = new Bull(queue.name, { prefix: fixture.prefix, redis: { port: redis.port } });
    const random = randomFrom(5);
    const model: { id: string; level: number; i: number }[] = [];
    for (let i = 0; i < 200; i += 1) {
      const priority = Math.ceil(random() * 10);
      const { data, options, name } = request(`j-${i}`, priority);
      if (random() < 0.5) await plain.add(name, data, options);
      else await broker.addOnce(queue, { data, options, name });
      model.push({ id: `j-${i}`, level: priority, i });
    }
    model.sort((a, b) => a.level - b.level || a.i - b.i);
    expect(await order(queue.toKey(''))).toEqual(model.map(({ id }) => id));
    await plain.close();
    await fixture.close();
  });

  it('does not slow down when an important job meets a long backlog of less important ones', async () => {
    const fixture = new BrokerFixture(redis);
    const broker = fixture.broker();
    const queue = broker.createQueue(testQueue('long', { maxWaiting: 200_000 }));
    for (let i = 0; i < 20; i += 1) {
      await addAll(
        broker,
        queue,
        Array.from({ length: 1_000 }, (_, n) => request(`low-${i}-${n}`, 9)),
      );
    }
    await client.config('RESETSTAT');
    for (let i = 0; i < 200; i += 1) await broker.addOnce(queue, request(`high-${i}`, 1));
    const stats = await client.info('commandstats');
    const perCall = Number(/cmdstat_evalsha:.*usec_per_call=([\d.]+)/.exec(stats)?.[1]);
    // Bull's insert needs about 800 µs here: it walks 20 000 entries.
    expect(perCall).toBeLessThan(300);
    expect((await order(queue.toKey(''))).slice(0, 200)).toEqual(
      Array.from({ length: 200 }, (_, i) => `high-${i}`),
    );
    await fixture.close();
  });
});
