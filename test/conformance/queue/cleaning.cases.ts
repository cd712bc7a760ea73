import type { Job, JobOptions, Queue } from 'bull';
import type { QueueBench, QueueCase } from './queue-bench.js';
import { idsOf, rejection } from './queue-bench.js';
import { clockPasses } from '../../support/clock-passes.js';

/** Completes jobs added with these options one after the other, at different times, and lists what is kept. */
async function keptAfter(bench: QueueBench, options: JobOptions[]): Promise<string[]> {
  const queue = bench.open();
  for (const one of options) {
    await queue.add({}, one);
    await (await bench.take(queue)).moveToCompleted('x', false, true);
    await clockPasses();
  }
  return idsOf(await queue.getCompleted());
}

async function failOne(bench: QueueBench, queue: Queue, options: JobOptions): Promise<Job> {
  const job = await queue.add({}, options);
  await (await bench.take(queue)).moveToFailed({ message: 'no' });
  return job;
}

/** Far enough ahead that every job is older. */
const ALL = -60_000;

/** Removing, cleaning, retention. */
export const cleaningCases: readonly QueueCase[] = [
  [
    'removes a waiting, delayed, paused, completed and failed job',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'removed');
      const jobs = [await queue.add({}, { jobId: 'c' }), await queue.add({}, { jobId: 'f' })];
      jobs.push(await queue.add({}, { jobId: 'w' }), await queue.add({}, { jobId: 'd', delay: 60_000 }));
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      await (await bench.take(queue)).moveToFailed({ message: 'no' });
      await queue.pause();
      for (const job of jobs) await job.remove();
      expect(await queue.getJobCounts()).toEqual({
        waiting: 0,
        active: 0,
        completed: 0,
        failed: 0,
        delayed: 0,
        paused: 0,
      });
      expect(await queue.getJob('c')).toBeNull();
      expect(heard).toEqual(['removed job#c', 'removed job#f', 'removed job#w', 'removed job#d']);
    },
  ],
  [
    'does not remove a job that runs',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = await bench.take(queue);
      expect(await rejection(job.remove())).toBe('Could not remove job 1');
      expect(await job.getState()).toBe('active');
    },
  ],
  [
    'removes an active job whose lock was released',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = await bench.take(queue);
      await job.releaseLock();
      await job.remove();
      expect(await queue.getActiveCount()).toBe(0);
    },
  ],
  [
    'says removed again for a job that is gone',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = (await queue.getJob('1')) as Job;
      await job.remove();
      await job.remove();
    },
  ],
  [
    'removes jobs by a pattern of their ids',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'removed');
      for (const jobId of ['mail-1', 'mail-22', 'sms-1', 'mail-x'])
        await queue.add({}, { jobId, lifo: jobId === 'mail-1' });
      await bench.take(queue);
      await queue.removeJobs('mail-*');
      const left = [...idsOf(await queue.getWaiting()), ...idsOf(await queue.getActive())];
      expect(left.sort()).toEqual(['mail-1', 'sms-1']);
      expect([...heard].sort()).toEqual(['removed "mail-22"', 'removed "mail-x"']);
    },
  ],
  [
    'understands ?, character classes and escapes in patterns',
    async (bench) => {
      const queue = bench.open();
      const ids = ['a1', 'a2', 'a9', 'b1', 'ab', 'a*', 'a.c'];
      for (const jobId of ids) await queue.add({}, { jobId });
      await queue.removeJobs('a[1-2]');
      await queue.removeJobs('?1');
      await queue.removeJobs('a\\*');
      await queue.removeJobs('a[^9b]c');
      expect(idsOf(await queue.getWaiting()).sort()).toEqual(['a9', 'ab']);
    },
  ],
  [
    'cleans each state',
    async (bench) => {
      const queue = bench.open();
      await (await queue.add({}, { jobId: 'd', delay: 60_000 })).isDelayed();
      await queue.add({}, { jobId: 'c' });
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      await failOne(bench, queue, { jobId: 'f' });
      await queue.add({}, { jobId: 'w', priority: 2 });
      const removed: unknown[] = [];
      for (const state of ['completed', 'failed', 'delayed', 'wait'] as const) {
        removed.push(await queue.clean(ALL, state));
      }
      expect(removed).toEqual([['c'], ['f'], ['d'], ['w']]);
      expect(await queue.getCountsPerPriority([2])).toEqual({ 2: 0 });
      await queue.add({}, { jobId: 'p' });
      await queue.pause();
      expect(await queue.clean(ALL, 'wait')).toEqual([]);
      expect(await queue.clean(ALL, 'paused')).toEqual(['p']);
      expect(await queue.count()).toBe(0);
    },
  ],
  [
    'cleans completed jobs when no state is named, and tells',
    async (bench) => {
      const queue = await bench.openWith(1);
      const heard = await bench.record(queue, 'cleaned');
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      expect(await queue.clean(ALL)).toEqual(['1']);
      expect(heard).toEqual(['cleaned ["1"] "completed"']);
    },
  ],
  [
    'leaves jobs younger than the grace period, by when they did something last',
    async (bench) => {
      const queue = bench.open();
      const old = Date.now() - 10_000;
      await queue.add({}, { jobId: 'old', timestamp: old } as JobOptions);
      await queue.add({}, { jobId: 'young' });
      await queue.add({}, { jobId: 'ran', timestamp: old, lifo: true, attempts: 2 } as JobOptions);
      await (await bench.take(queue)).moveToFailed({ message: 'no' });
      expect(await queue.clean(5_000, 'wait')).toEqual(['old']);
      expect(idsOf(await queue.getWaiting()).sort()).toEqual(['ran', 'young']);
    },
  ],
  [
    'cleans at most as many as asked, oldest first',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3, 4, 5);
      expect([...((await queue.clean(ALL, 'wait', 2)) as unknown as string[])].sort()).toEqual(['1', '2']);
      for (let i = 0; i < 3; i++) {
        await (await bench.take(queue)).moveToCompleted('x', false, true);
        await clockPasses();
      }
      expect(await queue.clean(ALL, 'completed', 2)).toEqual(['3', '4']);
      expect(idsOf(await queue.getCompleted())).toEqual(['5']);
    },
  ],
  [
    'does not clean active jobs that run, but those nobody holds',
    async (bench) => {
      const queue = await bench.openWith(1, 2);
      const [job] = [await bench.take(queue), await bench.take(queue)];
      expect(await queue.clean(ALL, 'active')).toEqual([]);
      await job.releaseLock();
      expect(await queue.clean(ALL, 'active')).toEqual(['1']);
    },
  ],
  [
    'refuses to clean without a grace period or an unknown state',
    async (bench) => {
      const queue = bench.open();
      expect(await rejection(queue.clean(undefined as unknown as number))).toBe(
        'You must define a grace period.',
      );
      expect(await rejection(queue.clean(0, 'gone' as 'wait'))).toBe('Cannot clean unknown queue type gone');
    },
  ],
  [
    'empties what waits and what is delayed, and leaves the rest',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3, 4);
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      await bench.take(queue);
      await queue.add({}, { delay: 60_000 });
      await queue.empty();
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 0, delayed: 0, active: 1, completed: 1 });
      expect(await queue.getJob('3')).toBeNull();
    },
  ],
  [
    'obliterates a queue: nothing is left, ids begin anew, it is not paused',
    async (bench) => {
      const queue = await bench.openWith(1, 2);
      await queue.add({}, { delay: 60_000 });
      await queue.add('r', {}, { repeat: { every: 60_000 } });
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      await queue.obliterate();
      expect(Object.values(await queue.getJobCounts()).every((count) => count === 0)).toBe(true);
      expect([await queue.isPaused(), await queue.getRepeatableCount()]).toEqual([false, 0]);
      expect((await queue.add({})).id).toBe('1');
    },
  ],
  [
    'does not obliterate active jobs unless forced, and stays paused then',
    async (bench) => {
      const queue = await bench.openWith(1);
      await bench.take(queue);
      expect(await rejection(queue.obliterate())).toBe('Cannot obliterate queue with active jobs');
      expect(await queue.isPaused()).toBe(true);
      await queue.obliterate({ force: true });
      expect(await queue.getActiveCount()).toBe(0);
    },
  ],
  [
    'keeps no completed job with removeOnComplete true or 0',
    async (bench) => {
      expect(await keptAfter(bench, [{ removeOnComplete: true }, { removeOnComplete: 0 }])).toEqual([]);
      expect(
        await keptAfter(bench, [{ removeOnComplete: false }, { removeOnComplete: { count: 0 } }]),
      ).toEqual(['1']);
    },
  ],
  [
    'keeps as many completed jobs as removeOnComplete says, the newest',
    async (bench) => {
      expect(await keptAfter(bench, Array(4).fill({ removeOnComplete: 2 }))).toEqual(['4', '3']);
      expect(await keptAfter(bench, [{}, {}, {}, { removeOnComplete: { count: 3 } }])).toEqual([
        '4',
        '3',
        '2',
      ]);
      expect(await keptAfter(bench, [{}, {}, { removeOnComplete: -1 }])).toEqual(['3', '2', '1']);
    },
  ],
  [
    'drops completed jobs that are older than age seconds when the next one joins them',
    async (bench) => {
      const queue = bench.open();
      for (let i = 0; i < 2; i++) {
        await queue.add({});
        await (await bench.take(queue)).moveToCompleted('x', false, true);
      }
      await clockPasses(50);
      await queue.add({}, { removeOnComplete: { age: 0.05 } });
      await (await bench.take(queue)).moveToCompleted('x', false, true);
      expect(idsOf(await queue.getCompleted())).toEqual(['3']);
    },
  ],
  [
    'treats failed jobs by removeOnFail in the same ways, and only when they failed for good',
    async (bench) => {
      const queue = bench.open();
      const gone = await failOne(bench, queue, { removeOnFail: true });
      expect(await gone.getState()).toBe('stuck');
      const again = await failOne(bench, queue, { removeOnFail: true, attempts: 2, backoff: 60_000 });
      expect(await again.getState()).toBe('delayed');
      for (let i = 0; i < 3; i++) {
        await failOne(bench, queue, { removeOnFail: 2 });
        await clockPasses();
      }
      expect(idsOf(await queue.getFailed())).toEqual(['5', '4']);
    },
  ],
];
