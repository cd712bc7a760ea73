import Bull from 'bull';
import type { Job } from 'bull';
import { addAll } from '../../../../../../test/support/add-all.js';
import { addBacklog, takeBacklog } from '../../../../../../test/support/lane-backlog.js';
import { redisStage } from '../../../../../../test/support/redis-stage.js';
import { testQueue } from '../../../../../../test/support/redis-broker-fixture.js';
import { randomFrom } from '../../../../../../test/support/random-from.js';
import type { AddRequest } from '../../../broker.js';
import type { RedisQueue } from '../../bull/redis-queue.js';

/** Bull's levels from the most important to none. */
const rank = (level: number): number => (level === 0 ? Number.MAX_SAFE_INTEGER : level);

interface Added {
  readonly id: string;
  readonly level: number;
}

function inOrder(added: readonly Added[]): string[] {
  return added
    .map((job, i) => ({ ...job, i }))
    .sort((a, b) => rank(a.level) - rank(b.level) || a.i - b.i)
    .map(({ id }) => id);
}

function request(jobId: string, priority: number): AddRequest {
  return { name: 'job', data: {}, options: { jobId, ...(priority > 0 && { priority }) } };
}

describe('lanes of waiting jobs', () => {
  const stage = redisStage();

  const open = (name = 'work'): RedisQueue =>
    stage.fixture.broker().createQueue(testQueue(name, { maxWaiting: 200_000 })) as RedisQueue;
  const listed = async (queue: RedisQueue): Promise<string[]> => queue.getRanges(['wait'], 0, -1, true);
  const takeAll = async (queue: RedisQueue): Promise<string[]> => {
    const ids: string[] = [];
    for (;;) {
      const job: Job | undefined = await queue.getNextJob();
      if (job === undefined) return ids;
      ids.push(String(job.id));
      if ((await queue.getJobCountByTypes('waiting')) === 0) return ids;
    }
  };

  it.each([1, 2, 3, 4])(
    'serves the most important first, and first in first out within a level (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      const broker = stage.fixture.broker();
      const queue = broker.createQueue(testQueue()) as RedisQueue;
      const added: Added[] = [];
      for (let step = 0; step < 60; step += 1) {
        const burst = random() < 0.2 ? Math.ceil(random() * 60) : 1;
        const level = Math.floor(random() * (seed === 4 ? 3 : 11));
        const requests = Array.from({ length: burst }, (_, i) => request(`j-${step}-${i}`, level));
        await addAll(broker, queue, requests);
        for (const { options } of requests) added.push({ id: String(options.jobId), level });
      }
      expect(await listed(queue)).toEqual(inOrder(added));
      expect(await takeAll(queue)).toEqual(inOrder(added));
    },
  );

  it('takes jobs of a plain Bull producer, whatever their priority, in their right place among ours', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue()) as RedisQueue;
    const plain = new Bull(queue.name, { prefix: stage.fixture.prefix, redis: { port: stage.redis.port } });
    const random = randomFrom(5);
    const added: Added[] = [];
    const levels = [0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 400, 2_097_152];
    for (let i = 0; i < 400; i += 1) {
      const level = levels[Math.floor(random() * levels.length)] ?? 0;
      const { data, options, name } = request(`j-${i}`, level);
      // Without a priority: first in, first out among those of one kind of producer.
      if (level === 0 || random() < 0.5) await plain.add(name, data, options);
      else await broker.addOnce(queue, { data, options, name });
      added.push({ id: `j-${i}`, level });
    }
    const ofBull = await plain.add('job', {}, { lifo: true, jobId: 'lifo' });
    expect(await takeAll(queue)).toEqual([String(ofBull.id), ...inOrder(added)]);
    await plain.close();
  });

  it('counts all lanes against the limit of waiting jobs', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('small', { maxWaiting: 10 }));
    for (let level = 0; level < 9; level += 1) await broker.addOnce(queue, request(`j-${level}`, level));
    await queue.add('job', {}, { delay: 60_000 });
    expect(await queue.count()).toBe(10);
    await expect(broker.addOnce(queue, request('more', 3))).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await (await queue.getJob('j-4'))?.remove();
    await broker.addOnce(queue, request('more', 3));
    await expect(broker.addOnce(queue, request('again', 6))).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  });

  it('goes on when somebody deletes lanes by hand', async () => {
    const queue = open();
    for (const priority of [1, 1, 3, undefined]) await queue.add('job', {}, { priority });
    await stage.client.del(queue.toKey('mq:lane:1'), queue.toKey('mq:lane:0'));
    const last = await queue.add('job', {}, { jobId: 'last', priority: 9 });
    expect(await takeAll(queue)).toHaveLength(2);
    expect(await last.getState()).toBe('active');
    expect(await queue.getWaitingCount()).toBe(0);
    expect(await stage.client.exists(queue.toKey('mq:waiting'), queue.toKey('mq:lanes'))).toBe(0);
  });

  it('drops what the zset of plain Bull names without a job that waits', async () => {
    const queue = open();
    for (let i = 0; i < 1_500; i += 1) await stage.client.zadd(queue.toKey('priority'), 1, `gone-${i}`);
    for (const level of [6, 2, 6])
      await queue.add('job', {}, { jobId: `l${level}-${await queue.count()}`, priority: level });
    expect(await stage.client.exists(queue.toKey('priority'))).toBe(0);
    expect(await takeAll(queue)).toEqual(['l2-1', 'l6-0', 'l6-2']);
  });

  it('gives out 20 000 jobs of all ten levels in exact order, none lost and none twice', async () => {
    const broker = stage.fixture.broker({ enqueueTimeoutMs: 30_000 });
    const queue = broker.createQueue(testQueue('many', { maxWaiting: 200_000 }));
    await addBacklog(broker, queue, 0, 20_000);
    expect(await takeBacklog(stage.client, queue.toKey(''))).toBe(20_000);
    expect(await queue.getJobCountByTypes('waiting')).toBe(0);
  }, 60_000);

  it('adds a job of any level to a long mixed backlog as fast as to none', async () => {
    const broker = stage.fixture.broker();
    const queue = broker.createQueue(testQueue('long', { maxWaiting: 200_000 }));
    const perAdd = async (level: number, prefix: string): Promise<number> => {
      await stage.client.config('RESETSTAT');
      for (let i = 0; i < 200; i += 1) await broker.addOnce(queue, request(`${prefix}-${level}-${i}`, level));
      const stats = await stage.client.info('commandstats');
      return Number(/cmdstat_evalsha:.*usec_per_call=([\d.]+)/.exec(stats)?.[1]);
    };
    const perAddOfEach = async (prefix: string): Promise<number[]> => {
      const times: number[] = [];
      for (const level of [1, 4, 6, 9, 0]) times.push(await perAdd(level, prefix));
      return times;
    };
    await perAdd(0, 'warm-up');
    const alone = await perAddOfEach('alone');
    const backlog = Array.from({ length: 20_000 }, (_, n) => request(`back-${n}`, n % 11));
    for (let i = 0; i < 20; i += 1) await addAll(broker, queue, backlog.slice(i * 1_000, (i + 1) * 1_000));
    const behind = await perAddOfEach('behind');
    // An insert into one list would need about 300 µs more here.
    for (const [i, time] of behind.entries()) expect(time).toBeLessThan((alone[i] ?? 0) * 2 + 60);
  });
});
