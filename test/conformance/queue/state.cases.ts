import type { Job, Queue } from 'bull';
import type { QueueBench, QueueCase } from './queue-bench.js';
import { idsOf, stored } from './queue-bench.js';
import { clockPasses } from '../../support/clock-passes.js';

/** One job in each state: w waiting, d delayed, a active, c completed, f failed. */
async function oneInEach(bench: QueueBench): Promise<{ queue: Queue; jobs: Record<string, Job> }> {
  const queue = bench.open();
  const jobs: Record<string, Job> = {};
  for (const jobId of ['c', 'f', 'a', 'w']) jobs[jobId] = await queue.add({}, { jobId });
  jobs['d'] = await queue.add({}, { jobId: 'd', delay: 60_000 });
  await (await bench.take(queue)).moveToCompleted('x', false, true);
  await (await bench.take(queue)).moveToFailed({ message: 'no' });
  await bench.take(queue);
  return { queue, jobs };
}

/** States, counts and what is listed in each. */
export const stateCases: readonly QueueCase[] = [
  [
    'tells the state of a job',
    async (bench) => {
      const { jobs } = await oneInEach(bench);
      const states = await Promise.all(
        Object.entries(jobs).map(async ([id, job]) => [id, await job.getState()] as const),
      );
      expect(Object.fromEntries(states)).toEqual({
        w: 'waiting',
        d: 'delayed',
        a: 'active',
        c: 'completed',
        f: 'failed',
      });
    },
  ],
  [
    'answers isWaiting, isDelayed, isActive, isCompleted, isFailed, isPaused and isStuck',
    async (bench) => {
      const { queue, jobs } = await oneInEach(bench);
      const answers = async (job: Job): Promise<string> => {
        const all = await Promise.all([
          job.isWaiting(),
          job.isDelayed(),
          job.isActive(),
          job.isCompleted(),
          job.isFailed(),
          job.isPaused(),
          job.isStuck(),
        ]);
        return all.map((yes) => (yes ? '1' : '0')).join('');
      };
      const all: Record<string, string> = {};
      for (const id of 'wdacf') all[id] = await answers(jobs[id] as Job);
      expect(all).toEqual({ w: '1000000', d: '0100000', a: '0010000', c: '0001000', f: '0000100' });
      await queue.pause();
      expect(await answers(jobs['w'] as Job)).toBe('0000010');
      await jobs['w']?.remove();
      expect(await answers(jobs['w'] as Job)).toBe('0000001');
      expect(await jobs['w']?.getState()).toBe('stuck');
    },
  ],
  [
    'counts jobs by state',
    async (bench) => {
      const { queue } = await oneInEach(bench);
      expect(await queue.getJobCounts()).toEqual({
        waiting: 1,
        active: 1,
        completed: 1,
        failed: 1,
        delayed: 1,
        paused: 0,
      });
      const counts = await Promise.all([
        queue.getWaitingCount(),
        queue.getActiveCount(),
        queue.getCompletedCount(),
        queue.getFailedCount(),
        queue.getDelayedCount(),
        queue.getPausedCount(),
        queue.count(),
      ]);
      expect(counts).toEqual([1, 1, 1, 1, 1, 0, 2]);
    },
  ],
  [
    'counts the types it is asked for, in every way to ask',
    async (bench) => {
      const { queue } = await oneInEach(bench);
      const ask = queue.getJobCountByTypes.bind(queue) as (...types: unknown[]) => Promise<number>;
      expect(await ask('completed')).toBe(1);
      expect(await ask('completed,failed', 'waiting')).toBe(3);
      expect(await ask(['completed', 'delayed'])).toBe(2);
      const counts = queue.getJobCounts.bind(queue) as (...types: unknown[]) => Promise<object>;
      expect(await counts('wait', 'active')).toEqual({ wait: 1, active: 1 });
    },
  ],
  [
    'counts waiting jobs as paused while the queue is paused',
    async (bench) => {
      const { queue } = await oneInEach(bench);
      await queue.pause();
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 0, paused: 1, delayed: 1 });
      expect(await queue.getWaitingCount()).toBe(1);
      expect(idsOf(await queue.getWaiting())).toEqual(['w']);
      await queue.resume();
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 1, paused: 0 });
    },
  ],
  [
    'lists jobs by state',
    async (bench) => {
      const { queue } = await oneInEach(bench);
      const lists = [
        await queue.getWaiting(),
        await queue.getActive(),
        await queue.getDelayed(),
        await queue.getCompleted(),
        await queue.getFailed(),
      ];
      expect(lists.map(idsOf)).toEqual([['w'], ['a'], ['d'], ['c'], ['f']]);
      expect(idsOf(await queue.getJobs(['completed', 'failed']))).toEqual(['c', 'f']);
      const all = idsOf(await (queue.getJobs as (types?: unknown) => Promise<Job[]>).call(queue));
      expect(all.sort()).toEqual(['a', 'c', 'd', 'f', 'w']);
    },
  ],
  [
    'lists completed and failed jobs newest first, by ranges too',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3, 4);
      for (let i = 0; i < 4; i++) {
        await (await bench.take(queue)).moveToCompleted('x', false, true);
        // Finished in different milliseconds: Redis orders by time.
        await clockPasses();
      }
      expect(idsOf(await queue.getCompleted())).toEqual(['4', '3', '2', '1']);
      expect(idsOf(await queue.getCompleted(1, 2))).toEqual(['3', '2']);
      expect(idsOf(await queue.getJobs(['completed'], 0, 1, true))).toEqual(['1', '2']);
      expect(idsOf(await queue.getCompleted(-2, -1))).toEqual(['2', '1']);
    },
  ],
  [
    'lists delayed jobs by when they are due',
    async (bench) => {
      const queue = bench.open();
      for (const [jobId, delay] of Object.entries({ b: 60_000, a: 30_000, c: 90_000 })) {
        await queue.add({}, { jobId, delay });
      }
      expect(idsOf(await queue.getDelayed())).toEqual(['a', 'b', 'c']);
      expect(idsOf(await queue.getDelayed(1, 1))).toEqual(['b']);
      expect(idsOf(await queue.getJobs(['delayed'], 0, 0))).toEqual(['c']);
    },
  ],
  [
    'lists active jobs in the order in which they were taken',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3);
      await bench.takeAll(queue, 3);
      expect(idsOf(await queue.getActive())).toEqual(['1', '2', '3']);
      expect(idsOf(await queue.getActive(1, 2))).toEqual(['2', '3']);
    },
  ],
  [
    'keeps a job that is completed, with its result, unless told otherwise',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = await bench.take(queue);
      await job.moveToCompleted('kept', false, true);
      const after = await stored(job);
      expect([after.returnvalue, typeof after.finishedOn, typeof after.processedOn]).toEqual([
        'kept',
        'number',
        'number',
      ]);
    },
  ],
  [
    'delays a job by hand',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = await bench.take(queue);
      const { moveToDelayed } = job as unknown as {
        moveToDelayed(at: number, ignoreLock?: boolean): Promise<void>;
      };
      await moveToDelayed.call(job, Date.now() + 60_000);
      expect(await job.getState()).toBe('delayed');
    },
  ],
];
