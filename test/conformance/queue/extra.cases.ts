import type { Job, JobOptions } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import type { QueueCase } from './queue-bench.js';
import { heardAtLeast, rejection, stored } from './queue-bench.js';
import { clockPasses } from '../../support/clock-passes.js';

/** Progress, logs, updates, locks, debounce, limiter, metrics. */
export const extraCases: readonly QueueCase[] = [
  [
    'keeps progress of any kind',
    async (bench) => {
      const job = await bench.open().add({});
      expect((await stored(job)).progress()).toBe(0);
      for (const value of [42, { percentage: 10, step: 's' }, 'half', [1]]) {
        await job.progress(value);
        expect(job.progress()).toEqual(value);
        expect((await stored(job)).progress()).toEqual(value);
      }
      await job.remove();
      expect(await rejection(job.progress(1))).toBe('Missing key for job 1 updateProgress');
    },
  ],
  [
    'keeps log rows, listed by ranges from either end',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({});
      for (const row of ['a', 'b', 'c']) await job.log(row);
      expect(await job.log('d')).toBe(4);
      const logs = queue.getJobLogs.bind(queue) as (
        id: unknown,
        start?: number,
        end?: number,
        asc?: boolean,
      ) => Promise<unknown>;
      expect(await logs('1')).toEqual({ logs: ['a', 'b', 'c', 'd'], count: 4 });
      expect(await logs('1', 1, 2)).toEqual({ logs: ['b', 'c'], count: 4 });
      expect(await logs('1', 0, 1, false)).toEqual({ logs: ['d', 'c'], count: 4 });
      expect(await logs('nobody')).toEqual({ logs: [], count: 0 });
      await job.remove();
      expect(await logs('1')).toEqual({ logs: [], count: 0 });
      expect(await rejection(job.log('e'))).toBe('Missing key for job 1 addLog');
    },
  ],
  [
    'replaces a payload',
    async (bench) => {
      const job = await bench.open().add({ a: 1 });
      await job.update({ b: new Date(0) });
      expect((await stored(job)).data).toEqual({ b: '1970-01-01T00:00:00.000Z' });
      await job.remove();
      expect(await rejection(job.update({}))).toBe('Missing key for job 1 updateData');
    },
  ],
  [
    'lends out one lock per job',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = (await queue.getJob('1')) as Job;
      expect(job.lockKey()).toBe(`bull:${queue.name}:1:lock`);
      expect(await job.takeLock()).toBe(1);
      expect(await job.takeLock()).toBe(false);
      expect(await job.extendLock(1000)).toBe(1);
      await job.releaseLock();
      expect(await rejection(job.releaseLock())).toBe('Could not release lock for job 1');
      expect(await job.extendLock(1000)).toBe(0);
    },
  ],
  [
    'debounces jobs until the first has finished',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'debounced', 'global:debounced');
      const debounce = { id: 'same' };
      const first = await queue.add({ n: 1 }, { debounce });
      const second = await queue.add({ n: 2 }, { debounce });
      expect([first.id, second.id, await queue.count()]).toEqual(['1', '1', 1]);
      await heardAtLeast(heard, 2);
      expect(heard).toEqual(['debounced "1"', 'global:debounced "1"']);
      expect(JSON.parse(JSON.stringify(await stored(first)))).toMatchObject({ debounceId: 'same' });
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      expect((await queue.add({}, { debounce })).id).toBe('3');
    },
  ],
  [
    'debounces jobs for a time, finished or not',
    async (bench) => {
      const queue = bench.open();
      const debounce = { id: 'same', ttl: 120 };
      await queue.add({}, { debounce });
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      expect((await queue.add({}, { debounce })).id).toBe('1');
      await clockPasses(120);
      expect((await queue.add({}, { debounce })).id).toBe('3');
    },
  ],
  [
    'ends a debounce with the removal of its job',
    async (bench) => {
      const queue = bench.open();
      const debounce = { id: 'same', ttl: 60_000 };
      const job = await queue.add({}, { debounce });
      await job.remove();
      expect((await queue.add({}, { debounce })).id).toBe('2');
    },
  ],
  [
    'starts no more jobs than the limiter allows in its time',
    async (bench) => {
      const queue = bench.open({ limiter: { max: 2, duration: 150 } });
      const starts: number[] = [];
      for (let i = 0; i < 5; i++) await queue.add({});
      await bench.runAll(queue, 5, () => void starts.push(Date.now()));
      expect((starts[2] as number) - (starts[0] as number)).toBeGreaterThanOrEqual(140);
      expect((starts[4] as number) - (starts[2] as number)).toBeGreaterThanOrEqual(100);
    },
  ],
  [
    'limits each group for itself',
    async (bench) => {
      const queue = bench.open({ limiter: { max: 1, duration: 200, groupKey: 'who' } });
      const began = Date.now();
      const starts: Record<string, number[]> = { a: [], b: [] };
      for (const who of ['a', 'a', 'b']) await queue.add({ who });
      await bench.runAll(
        queue,
        3,
        (job) => void starts[(job.data as { who: string }).who]?.push(Date.now() - began),
      );
      // The time of a group runs from when its first job is taken, which the handler hears of later.
      const [, second] = starts['a'] as [number, number];
      expect(starts['b']?.[0]).toBeLessThan(second);
      expect(second).toBeGreaterThanOrEqual(198);
    },
  ],
  [
    'counts finished jobs when metrics are asked for',
    async (bench) => {
      const queue = bench.open({ metrics: { maxDataPoints: 10 } });
      for (let i = 0; i < 3; i++) await queue.add({ fail: i === 2 });
      await bench.runAll(queue, 3, (job) => {
        if ((job.data as { fail: boolean }).fail) throw new Error('no');
      });
      const completed = await queue.getMetrics('completed');
      expect(completed.meta.count).toBe(2);
      expect(completed.meta.prevTS).toBeGreaterThan(0);
      expect((await queue.getMetrics('failed')).meta.count).toBe(1);
    },
  ],
  [
    'counts nothing without metrics',
    async (bench) => {
      const queue = await bench.openWith(1);
      await bench.runAll(queue, 1);
      expect(await queue.getMetrics('completed')).toEqual({
        meta: { count: 0, prevTS: 0, prevCount: 0 },
        data: [],
        count: 0,
      });
    },
  ],
  [
    'names keys and clients after prefix and queue',
    async (bench) => {
      const queue = bench.open({ prefix: 'pre' });
      const encoded = Buffer.from(queue.name).toString('base64');
      expect(queue.toKey('wait')).toBe(`pre:${queue.name}:wait`);
      expect([queue.base64Name(), queue.clientName()]).toEqual([encoded, `pre:${encoded}`]);
      expect(await queue.isReady()).toBe(queue);
    },
  ],
  [
    'knows who works on the queue',
    async (bench) => {
      const queue = bench.open();
      expect(await queue.getWorkers()).toEqual([]);
      void queue.process(async () => undefined);
      await (await queue.add({})).finished();
      await waitUntil(async () => (await queue.getWorkers()).length > 0, 'a worker');
      expect((await queue.getWorkers())[0]).toMatchObject({ name: queue.name });
    },
  ],
  [
    'takes jobs with options that only others understand',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { jobId: 'j', custom: { deep: [1, { a: null }] } } as JobOptions);
      expect((await stored(job)).opts).toMatchObject({ custom: { deep: [1, { a: null }] } });
    },
  ],
];
