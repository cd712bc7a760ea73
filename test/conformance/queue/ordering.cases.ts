import type { JobOptions } from 'bull';
import type { QueueBench, QueueCase } from './queue-bench.js';
import { idsOf } from './queue-bench.js';

/** Adds jobs with these ids and options, then takes them all. */
async function orderOf(bench: QueueBench, jobs: Record<string, JobOptions>): Promise<string[]> {
  const queue = bench.open();
  for (const [jobId, options] of Object.entries(jobs)) await queue.add({}, { jobId, ...options });
  return bench.takeAll(queue, Object.keys(jobs).length);
}

/** In which order jobs are taken. */
export const orderingCases: readonly QueueCase[] = [
  [
    'first in, first out',
    async (bench) => {
      expect(await orderOf(bench, { a: {}, b: {}, c: {} })).toEqual(['a', 'b', 'c']);
    },
  ],
  [
    'last in, first out with lifo',
    async (bench) => {
      const jobs = { a: {}, b: { lifo: true }, c: { lifo: true }, d: {} };
      expect(await orderOf(bench, jobs)).toEqual(['c', 'b', 'a', 'd']);
    },
  ],
  [
    'lower priority numbers first, first in first out within one, none last',
    async (bench) => {
      const jobs = {
        none: {},
        p3: { priority: 3 },
        p1: { priority: 1 },
        p3b: { priority: 3 },
        p2: { priority: 2 },
        p1b: { priority: 1 },
        noneB: {},
        huge: { priority: 2_097_152 },
      };
      expect(await orderOf(bench, jobs)).toEqual(['p1', 'p1b', 'p2', 'p3', 'p3b', 'huge', 'none', 'noneB']);
    },
  ],
  [
    'a priority wins over lifo',
    async (bench) => {
      const jobs = { a: { priority: 2 }, b: { priority: 2, lifo: true }, c: { priority: 1, lifo: true } };
      expect(await orderOf(bench, jobs)).toEqual(['c', 'a', 'b']);
    },
  ],
  [
    'the same order for a bulk',
    async (bench) => {
      const queue = bench.open();
      await queue.addBulk(
        [5, 1, 3, 1].map((priority, i) => ({ data: {}, opts: { priority, jobId: `j${i}` } })),
      );
      expect(await bench.takeAll(queue, 4)).toEqual(['j1', 'j3', 'j2', 'j0']);
    },
  ],
  [
    'a promoted job waits behind those that wait already',
    async (bench) => {
      const queue = bench.open();
      const late = await queue.add({}, { jobId: 'late', delay: 60_000 });
      await queue.add({}, { jobId: 'a' });
      await late.promote();
      await queue.add({}, { jobId: 'b' });
      expect(await bench.takeAll(queue, 3)).toEqual(['a', 'late', 'b']);
    },
  ],
  [
    'a promoted job with a priority waits in its lane',
    async (bench) => {
      const queue = bench.open();
      const late = await queue.add({}, { jobId: 'late', delay: 60_000, priority: 2 });
      for (const [jobId, priority] of Object.entries({ a: 2, b: 3, c: 1 }))
        await queue.add({}, { jobId, priority });
      await late.promote();
      expect(await bench.takeAll(queue, 4)).toEqual(['c', 'a', 'late', 'b']);
    },
  ],
  [
    'a promoted lifo job waits like any other',
    async (bench) => {
      const queue = bench.open();
      const late = await queue.add({}, { jobId: 'late', delay: 60_000, lifo: true });
      await queue.add({}, { jobId: 'a' });
      await late.promote();
      expect(await bench.takeAll(queue, 2)).toEqual(['a', 'late']);
    },
  ],
  [
    'a dead letter that is retried waits behind all, whatever its priority',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { jobId: 'dead', priority: 1 });
      await (await bench.take(queue)).moveToFailed({ message: 'no' });
      await queue.add({}, { jobId: 'plain' });
      await queue.add({}, { jobId: 'p9', priority: 9 });
      await job.retry();
      await queue.add({}, { jobId: 'p1', priority: 1 });
      expect(await bench.takeAll(queue, 4)).toEqual(['p1', 'p9', 'plain', 'dead']);
    },
  ],
  [
    'a lifo dead letter that is retried is first',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { jobId: 'dead', lifo: true });
      await (await bench.take(queue)).moveToFailed({ message: 'no' });
      await queue.add({}, { jobId: 'a', lifo: true });
      await job.retry();
      expect(await bench.takeAll(queue, 2)).toEqual(['dead', 'a']);
    },
  ],
  [
    'a failed try without backoff waits at the end of its lane',
    async (bench) => {
      const queue = bench.open();
      for (const jobId of ['a', 'b']) await queue.add({}, { jobId, attempts: 2, priority: 3 });
      await queue.add({}, { jobId: 'c', priority: 4 });
      await (await bench.take(queue)).moveToFailed({ message: 'no' });
      expect(await bench.takeAll(queue, 3)).toEqual(['b', 'a', 'c']);
    },
  ],
  [
    'pausing and resuming keep the order',
    async (bench) => {
      const queue = bench.open();
      await queue.add({}, { jobId: 'a', priority: 2 });
      await queue.pause();
      await queue.add({}, { jobId: 'b', priority: 1 });
      await queue.add({}, { jobId: 'c' });
      await queue.add({}, { jobId: 'd', lifo: false });
      await queue.resume();
      await queue.add({}, { jobId: 'e', priority: 1 });
      expect(await bench.takeAll(queue, 5)).toEqual(['b', 'e', 'a', 'c', 'd']);
    },
  ],
  [
    'delayed jobs run in the order in which they are due',
    async (bench) => {
      const queue = bench.open();
      const timestamp = Date.now();
      for (const [jobId, delay] of Object.entries({ c: 90, a: 30, b: 60 }))
        await queue.add({}, { jobId, delay, timestamp } as JobOptions);
      expect(await bench.runAll(queue, 3)).toEqual(['a', 'b', 'c']);
    },
  ],
  [
    'delayed jobs that are due together keep the order of their adds',
    async (bench) => {
      const queue = bench.open();
      const timestamp = Date.now();
      const jobs = ['b', 'a', 'd', 'c'];
      for (const jobId of jobs) await queue.add({}, { jobId, delay: 40, timestamp } as JobOptions);
      expect(await bench.runAll(queue, 4)).toEqual(jobs);
    },
  ],
  [
    'lists waiting jobs with the next one first, by ranges too',
    async (bench) => {
      const queue = bench.open();
      for (const [jobId, priority] of Object.entries({ a: 5, b: 1, c: 3 }))
        await queue.add({}, { jobId, priority });
      for (const jobId of ['x', 'y']) await queue.add({}, { jobId });
      expect(idsOf(await queue.getWaiting())).toEqual(['b', 'c', 'a', 'x', 'y']);
      expect(idsOf(await queue.getWaiting(1, 3))).toEqual(['c', 'a', 'x']);
      expect(idsOf(await queue.getWaiting(3, 99))).toEqual(['x', 'y']);
      expect(idsOf(await queue.getWaiting(7, 9))).toEqual([]);
      expect(idsOf(await queue.getJobs(['waiting'], 0, 1))).toEqual(['y', 'x']);
      expect(idsOf(await queue.getJobs(['waiting'], 0, -1, true))).toEqual(['b', 'c', 'a', 'x', 'y']);
    },
  ],
  [
    'counts per priority, those without one under 0',
    async (bench) => {
      const queue = bench.open();
      for (const priority of [1, 3, 3, 0]) await queue.add({}, { priority });
      await queue.add({});
      await queue.add({}, { priority: 1, delay: 60_000 });
      expect(await queue.getCountsPerPriority([0, 1, 2, 3])).toEqual({ 0: 2, 1: 1, 2: 0, 3: 2 });
      await bench.take(queue);
      expect(await queue.getCountsPerPriority([1])).toEqual({ 1: 0 });
    },
  ],
];
