import type { Job, JobId, JobStatusClean, Queue } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';

/** Ids of jobs that say their levels, in the order in which {@link fill} adds them; `none` has no priority. */
const ADDED = ['6a', '9a', '1a', 'none', '6b', '3a', '1b', '10a'];
/** The same in the order in which they are taken. */
const IN_ORDER = ['1a', '1b', '3a', '6a', '6b', '9a', '10a', 'none'];

async function fill(bench: BrokerBench): Promise<Queue> {
  const queue = bench.open();
  for (const jobId of ADDED) {
    const level = Number.parseInt(jobId, 10);
    await bench.add(queue, { options: { jobId, ...(level > 0 && { priority: level }) } });
  }
  return queue;
}

async function jobOf(queue: Queue, id: string): Promise<Job> {
  const job = await queue.getJob(id);
  if (job === null) throw new Error(`Job ${id} is not there.`);
  return job;
}

const idsOf = (jobs: readonly { readonly id: JobId }[]): string[] => jobs.map(({ id }) => String(id));

/** Runs everything that waits, and tells in which order. */
async function runAll(bench: BrokerBench, queue: Queue, count: number): Promise<string[]> {
  const { runs } = await bench.work(queue);
  await waitUntil(() => runs.length >= count, `${count} runs`);
  return runs;
}

/** Jobs of many levels in the calls of Bull's queue and ours. */
export const laneCases: readonly BrokerCase[] = [
  [
    'gives out jobs of all levels by position, from either end',
    async (bench) => {
      const queue = await fill(bench);
      const backwards = [...IN_ORDER].reverse();
      expect(idsOf(await queue.getWaiting())).toEqual(IN_ORDER);
      expect(idsOf(await queue.getJobs(['waiting'], 0, -1, true))).toEqual(IN_ORDER);
      expect(idsOf(await queue.getJobs(['waiting']))).toEqual(backwards);
      for (const [start, end] of [
        [0, 0],
        [1, 3],
        [2, 6],
        [5, 99],
        [7, 7],
        [8, 9],
        [-3, -1],
      ] as const) {
        const slice = (ids: string[]): string[] => (start < 0 ? ids.slice(start) : ids.slice(start, end + 1));
        expect(idsOf(await queue.getWaiting(start, end))).toEqual(slice(IN_ORDER));
        expect(idsOf(await queue.getJobs(['waiting'], start, end))).toEqual(slice(backwards));
      }
      expect(await runAll(bench, queue, ADDED.length)).toEqual(IN_ORDER);
    },
  ],
  [
    'counts jobs of all levels, waiting and paused',
    async (bench) => {
      const queue = await fill(bench);
      const levels = { 0: 1, 1: 2, 2: 0, 3: 1, 6: 2, 9: 1, 10: 1 };
      const asked = Object.keys(levels).map(Number);
      expect(await queue.getCountsPerPriority(asked)).toEqual(levels);
      expect([await queue.getWaitingCount(), await queue.count()]).toEqual([8, 8]);
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 8, paused: 0 });
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 8, paused: 0 });
      await queue.pause();
      expect(await queue.getCountsPerPriority(asked)).toEqual(levels);
      expect([await queue.getPausedCount(), await queue.count()]).toEqual([8, 8]);
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 0, paused: 8 });
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0, paused: 8 });
      expect(idsOf(await queue.getJobs(['paused'], 0, -1, true))).toEqual(IN_ORDER);
      expect(idsOf(await queue.getJobs(['waiting']))).toEqual([]);
    },
  ],
  [
    'keeps jobs of all levels through a pause, and takes none meanwhile',
    async (bench) => {
      const queue = await fill(bench);
      await queue.pause();
      const { runs } = await bench.work(queue);
      await bench.add(queue, { options: { jobId: '1c', priority: 1 } });
      await bench.anotherRuns();
      expect(runs).toEqual([]);
      expect(await (await jobOf(queue, '1c')).getState()).toBe('paused');
      await queue.resume();
      await waitUntil(() => runs.length === 9, 'all to run');
      expect(runs).toEqual(['1a', '1b', '1c', ...IN_ORDER.slice(2)]);
    },
  ],
  [
    'knows the state of a job of any level',
    async (bench) => {
      const queue = await fill(bench);
      for (const id of ADDED) {
        const job = await jobOf(queue, id);
        expect([id, await job.getState(), await job.isWaiting(), await job.isPaused()]).toEqual([
          ...[id, 'waiting', true, false],
        ]);
      }
      await queue.pause();
      for (const id of ADDED) {
        const job = await jobOf(queue, id);
        expect([id, await job.getState(), await job.isWaiting(), await job.isPaused()]).toEqual([
          ...[id, 'paused', false, true],
        ]);
      }
    },
  ],
  [
    'removes and cancels jobs of any level',
    async (bench) => {
      const queue = await fill(bench);
      for (const id of ['1a', '6b', 'none']) await (await jobOf(queue, id)).remove();
      for (const id of ['3a', '6a']) expect(await bench.broker.cancel(queue, id, 'no')).toBe('removed');
      expect(idsOf(await queue.getWaiting())).toEqual(['1b', '9a', '10a']);
      expect(await queue.getWaitingCount()).toBe(3);
      expect(await runAll(bench, queue, 3)).toEqual(['1b', '9a', '10a']);
    },
  ],
  [
    'removes jobs of all levels by a pattern',
    async (bench) => {
      const queue = await fill(bench);
      await queue.removeJobs('?a');
      expect(idsOf(await queue.getWaiting())).toEqual(['1b', '6b', '10a', 'none']);
      expect(await queue.getWaitingCount()).toBe(4);
    },
  ],
  [
    'cleans jobs of all levels, the next one first, up to a limit',
    async (bench) => {
      for (const state of ['wait', 'paused'] as const) {
        const queue = await fill(bench);
        if (state === 'paused') await queue.pause();
        const clean = async (limit: number, type: JobStatusClean = state): Promise<unknown> =>
          queue.clean(-1_000, type, limit);
        expect(await clean(0, state === 'wait' ? 'paused' : 'wait')).toEqual([]);
        expect(await queue.clean(60_000, state)).toEqual([]);
        expect(await clean(4)).toEqual(IN_ORDER.slice(0, 4));
        expect(idsOf(await queue.getWaiting())).toEqual(IN_ORDER.slice(4));
        expect(await queue.count()).toBe(4);
        expect(await clean(0)).toEqual(IN_ORDER.slice(4));
        expect([await queue.count(), await queue.getJob('1a'), await queue.getJob('none')]).toEqual([
          0,
          null,
          null,
        ]);
      }
    },
  ],
  [
    'empties, purges and obliterates all levels',
    async (bench) => {
      const emptied = await fill(bench);
      await emptied.empty();
      const purged = await fill(bench);
      expect(await bench.broker.purge(purged)).toBe(8);
      const gone = await fill(bench);
      await gone.obliterate();
      for (const queue of [emptied, purged, gone]) {
        expect([await queue.count(), await queue.getJob('1a'), await queue.getJob('10a')]).toEqual([
          0,
          null,
          null,
        ]);
        await bench.add(queue, { options: { jobId: 'next', priority: 3 } });
        expect(idsOf(await queue.getWaiting())).toEqual(['next']);
      }
    },
  ],
  [
    'promotes a delayed job to the end of its lane, and retries a dead letter behind all',
    async (bench) => {
      const queue = await fill(bench);
      const { worker } = await bench.work(queue, (taken) =>
        taken.job.id === '1a' ? failed(taken) : completed(),
      );
      await bench.untilState(queue, 'none', 'completed');
      await worker.stopFetching();
      await bench.add(queue, { options: { jobId: '3z', priority: 3, delay: 60_000 } });
      for (const jobId of ['3b', '6c'])
        await bench.add(queue, { options: { jobId, priority: Number(jobId[0]) } });
      await (await jobOf(queue, '3z')).promote();
      await (await jobOf(queue, '1a')).retry();
      expect(await (await jobOf(queue, '1a')).getState()).toBe('waiting');
      expect(idsOf(await queue.getWaiting())).toEqual(['3b', '3z', '6c', '1a']);
      await (await jobOf(queue, '1a')).remove();
      expect(await queue.getWaitingCount()).toBe(3);
    },
  ],
  [
    'hands back a job to the front of its lane, and replays a dead letter to its end',
    async (bench) => {
      const queue = bench.open();
      for (const jobId of ['3a', '3b', '9a'])
        await bench.add(queue, { options: { jobId, priority: Number(jobId[0]) } });
      const order: string[] = [];
      const { worker } = await bench.work(queue, async (taken) => {
        order.push(String(taken.job.id));
        if (order.length === 1) return { kind: 'handed-back' };
        return order.length === 2 ? failed(taken) : completed();
      });
      await bench.untilState(queue, '9a', 'completed');
      expect(order).toEqual(['3a', '3a', '3b', '9a']);
      await worker.stopFetching();
      for (const jobId of ['3c', '9b'])
        await bench.add(queue, { options: { jobId, priority: Number(jobId[0]) } });
      await bench.broker.replay(queue, [{ id: '3a' }], { at: 1, by: 'a test' });
      expect(idsOf(await queue.getWaiting())).toEqual(['3c', '3a', '9b']);
    },
  ],
];
