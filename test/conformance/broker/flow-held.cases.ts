import type { Job, Queue } from 'bull';
import { clockPasses } from '../../support/clock-passes.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { rejectionOf } from './broker-bench.js';
import { addAllKeyed, addKeyed, addTenants, grouped, HandWorker } from './hand-worker.js';

const HOUR_MS = 3_600_000;
const HELD = ['a2', 'a3', 'a4', 'b2', 'b3'];
/** Of {@link fill}: those that wait in lanes, and those that their keys hold. */
const ALL = ['a1', 'b1', 'none', ...HELD].sort();

/** A queue in which three jobs stand in lanes and five are held by two keys. */
async function fill(bench: BrokerBench): Promise<Queue> {
  const queue = bench.open({ flow: { key: {}, tenant: {} } });
  await addAllKeyed(bench, queue, ['a1', 'a2', 'b1', 'b2', 'a3']);
  await bench.add(queue, { options: { jobId: 'none' } });
  await addAllKeyed(bench, queue, ['a4', 'b3']);
  return queue;
}

const idsOf = (jobs: readonly (Job | null)[]): string[] => jobs.map((job) => String(job?.id));

async function jobOf(queue: Queue, id: string): Promise<Job> {
  const job = await queue.getJob(id);
  if (job === null) throw new Error(`Job ${id} is not there.`);
  return job;
}

/** Whether nothing waits, nothing is held, and jobs of the keys run as if they were new. */
async function isAsNew(bench: BrokerBench, queue: Queue): Promise<void> {
  const { waiting, paused, flow } = await bench.broker.snapshot(queue);
  expect([waiting, paused, flow.held, flow.holding, flow.oldestHeldAt]).toEqual([0, 0, 0, 0, null]);
  await addAllKeyed(bench, queue, ['a8', 'a9']);
  const hand = await HandWorker.on(bench, queue, 4);
  await hand.untilRunning('a8');
  await bench.anotherRuns();
  expect(hand.running).toEqual(['a8']);
  await hand.end('a8');
  await hand.untilRunning('a9');
  await hand.stop();
}

/** Held jobs as everybody sees them: they wait. */
export const flowHeldCases: readonly BrokerCase[] = [
  [
    'counts held jobs as waiting, everywhere',
    async (bench) => {
      const queue = await fill(bench);
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 8, paused: 0, active: 0 });
      expect([await queue.getWaitingCount(), await queue.count()]).toEqual([8, 8]);
      const { timestamp } = await jobOf(queue, 'a1');
      const held = await jobOf(queue, 'a2');
      expect(await bench.broker.snapshot(queue)).toMatchObject({
        waiting: 8,
        oldestWaitingAt: timestamp,
        flow: { held: 5, holding: 2, parked: 0, paused: 0, oldestHeldAt: held.timestamp, repairs: 0 },
      });
      for (const id of ALL) {
        const job = await jobOf(queue, id);
        expect([id, await job.getState(), await job.isWaiting(), await job.isDelayed()]).toEqual([
          ...[id, 'waiting', true, false],
        ]);
      }
    },
  ],
  [
    'counts held jobs as paused while the queue is paused, and starts none of them',
    async (bench) => {
      const queue = await fill(bench);
      await queue.pause();
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 0, paused: 8 });
      expect(await queue.getPausedCount()).toBe(8);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0, paused: 8, flow: { held: 5 } });
      expect(await (await jobOf(queue, 'a2')).getState()).toBe('paused');
      expect(idsOf(await queue.getJobs(['paused'])).sort()).toEqual(ALL);
      expect(await queue.getJobs(['waiting'])).toEqual([]);
      const hand = await HandWorker.on(bench, queue);
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      await queue.resume();
      await hand.completeUntil(8);
      for (const key of ['a', 'b']) {
        const own = hand.started.filter((id) => id.startsWith(key));
        expect(own).toEqual(own.toSorted());
      }
    },
  ],
  [
    'gives out held jobs by position behind those in lanes, from either end, each once',
    async (bench) => {
      const queue = await fill(bench);
      const forwards = idsOf(await queue.getWaiting());
      expect(forwards.toSorted()).toEqual(ALL);
      expect(forwards.slice(0, 3).sort()).toEqual(['a1', 'b1', 'none']);
      // Of each key in its order.
      for (const key of ['a', 'b']) {
        const own = forwards.filter((id) => id.startsWith(key));
        expect(own).toEqual(own.toSorted());
      }
      const backwards = [...forwards].reverse();
      expect(idsOf(await queue.getJobs(['waiting'], 0, -1, true))).toEqual(forwards);
      expect(idsOf(await queue.getJobs(['waiting']))).toEqual(backwards);
      for (const [start, end] of [
        [0, 0],
        [1, 3],
        [2, 6],
        [3, 99],
        [7, 7],
        [8, 9],
        [-3, -1],
      ] as const) {
        const slice = (ids: string[]): string[] => (start < 0 ? ids.slice(start) : ids.slice(start, end + 1));
        expect([start, end, ...idsOf(await queue.getWaiting(start, end))]).toEqual([
          ...[start, end, ...slice(forwards)],
        ]);
        expect([start, end, ...idsOf(await queue.getJobs(['waiting'], start, end))]).toEqual([
          ...[start, end, ...slice(backwards)],
        ]);
      }
    },
  ],
  [
    'gives out thousands of held jobs in pages, each once',
    async (bench) => {
      const queue = bench.open({ flow: { key: {}, tenant: {} } });
      await addTenants(bench, queue, 'A', 1_200);
      await addTenants(bench, queue, 'B', 1_000);
      const seen: string[] = [];
      for (let start = 0; start < 2_200; start += 500) {
        const page = await queue.getWaiting(start, start + 499);
        seen.push(...idsOf(page));
      }
      expect(seen).toHaveLength(2_200);
      expect(new Set(seen).size).toBe(2_200);
      expect(await queue.getWaitingCount()).toBe(2_200);
    },
  ],
  [
    'removes held jobs one by one and by a pattern, and goes on without them',
    async (bench) => {
      const queue = await fill(bench);
      await (await jobOf(queue, 'a2')).remove();
      await queue.removeJobs('?3');
      expect(await queue.getJob('a2')).toBeNull();
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 5, flow: { held: 2 } });
      expect(idsOf(await queue.getWaiting()).sort()).toEqual(['a1', 'a4', 'b1', 'b2', 'none']);
      const hand = await HandWorker.on(bench, queue, 1);
      await hand.completeUntil(5);
      expect(hand.started.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a4']);
    },
  ],
  [
    'lets a removed job’s id be used again, at the end of its key',
    async (bench) => {
      const queue = await fill(bench);
      await (await jobOf(queue, 'a2')).remove();
      await addKeyed(bench, queue, 'a2');
      const hand = await HandWorker.on(bench, queue, 1);
      await hand.completeUntil(8);
      expect(hand.started.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a3', 'a4', 'a2']);
    },
  ],
  [
    'empties, purges and obliterates held jobs too, and leaves nothing of their groups',
    async (bench) => {
      for (const clear of [
        (queue: Queue) => queue.empty(),
        async (queue: Queue) => expect(await bench.broker.purge(queue)).toBe(9),
        (queue: Queue) => queue.obliterate({ force: true }),
      ]) {
        const queue = await fill(bench);
        await addKeyed(bench, queue, 'b9', { delay: HOUR_MS });
        await clear(queue);
        expect([await queue.getJob('a2'), await queue.getJob('b3')]).toEqual([null, null]);
        await isAsNew(bench, queue);
      }
    },
  ],
  [
    'cleans held jobs with the others that wait, up to a limit',
    async (bench) => {
      const queue = await fill(bench);
      await clockPasses(5);
      expect(await queue.clean(60_000, 'wait')).toEqual([]);
      const some = (await queue.clean(-1_000, 'wait', 4)) as unknown as string[];
      expect(some).toHaveLength(4);
      expect(await queue.getWaitingCount()).toBe(4);
      const rest = (await queue.clean(-1_000, 'wait')) as unknown as string[];
      expect([...some, ...rest].sort()).toEqual(ALL);
      await isAsNew(bench, queue);
    },
  ],
  [
    'takes no delayed job for a held one, although it has its place among them',
    async (bench) => {
      const queue = bench.open({ flow: { key: { delays: 'hold' } } });
      const request = (jobId: string, delay = 0) => ({
        name: 'job',
        data: {},
        options: grouped({ jobId, key: jobId.slice(0, 1), delay }),
      });
      const later = [
        request('a1', HOUR_MS),
        request('a2'),
        request('b1'),
        request('b2', HOUR_MS),
        request('b3'),
      ];
      await bench.addAll(queue, later);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 3, delayed: 2, flow: { held: 2 } });
      expect(idsOf(await queue.getWaiting())).toEqual(['b1', 'a2', 'b3']);
      const { groups } = await bench.broker
        .groupsOf(queue)
        .list({ state: 'holding', cursor: null, limit: 9 });
      expect(groups.map(({ id, held }) => `${id} ${held}`)).toEqual(['a 1', 'b 1']);
      await clockPasses(5);
      expect(((await queue.clean(-1_000, 'wait')) as unknown as string[]).toSorted()).toEqual([
        'a2',
        'b1',
        'b3',
      ]);
      expect(idsOf(await queue.getDelayed()).toSorted()).toEqual(['a1', 'b2']);
    },
  ],
  [
    'cleans delayed jobs of groups',
    async (bench) => {
      const queue = bench.open({ flow: { key: { delays: 'hold' }, tenant: { maxWaiting: 1 } } });
      await addKeyed(bench, queue, 'a1', { delay: HOUR_MS, tenant: 'A' });
      await addKeyed(bench, queue, 'a2');
      expect(await queue.clean(-2 * HOUR_MS, 'delayed')).toEqual(['a1']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a2');
      await addKeyed(bench, queue, 'b1', { tenant: 'A' });
      await hand.untilRunning('b1');
    },
  ],
  [
    'counts held jobs against maxWaiting',
    async (bench) => {
      const queue = bench.open({ flow: { key: {} }, maxWaiting: 3 });
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3']);
      expect(await rejectionOf(addKeyed(bench, queue, 'b1'))).toMatchObject({
        code: 'QUEUE_FULL',
        depth: 3,
        limit: 3,
      });
      expect((await rejectionOf(bench.add(queue))).code).toBe('QUEUE_FULL');
      const hand = await HandWorker.on(bench, queue, 1);
      await hand.untilRunning('a1');
      await addKeyed(bench, queue, 'b1');
      expect((await rejectionOf(addKeyed(bench, queue, 'b2'))).code).toBe('QUEUE_FULL');
    },
  ],
  [
    'cancels, erases and promotes held jobs and those that would be',
    async (bench) => {
      const queue = await fill(bench);
      const { broker } = bench;
      expect(await broker.cancel(queue, 'a3', 'no need')).toBe('removed');
      expect(await broker.jobsOf(queue).erase(['b2', 'a4'])).toEqual({ removed: ['b2', 'a4'], running: [] });
      await addKeyed(bench, queue, 'b4', { delay: HOUR_MS });
      await (await jobOf(queue, 'b4')).promote();
      expect(await (await jobOf(queue, 'b4')).getState()).toBe('waiting');
      expect(await broker.snapshot(queue)).toMatchObject({
        waiting: 6,
        delayed: 0,
        failed: 1,
        flow: { held: 3 },
      });
      const hand = await HandWorker.on(bench, queue, 1);
      await hand.completeUntil(6);
      expect(hand.started.filter((id) => id.startsWith('b'))).toEqual(['b1', 'b3', 'b4']);
    },
  ],
  [
    'whoever waits for a held job is told how it ended, also when it is removed',
    async (bench) => {
      const queue = await fill(bench);
      const ends = [(await jobOf(queue, 'a4')).finished(), (await jobOf(queue, 'b2')).finished()];
      const gone = rejectionOf(ends[1] as Promise<unknown>);
      await (await jobOf(queue, 'b2')).remove();
      expect((await gone).code).toBe('JOB_NOT_FOUND');
      await bench.work(queue);
      expect(await ends[0]).toBeNull();
    },
  ],
  [
    'lists the groups that hold jobs in pages, and tells of one how it stands',
    async (bench) => {
      const queue = bench.open({ flow: { key: {}, tenant: {} } });
      const keys = Array.from({ length: 7 }, (_, n) => `key-${n}`);
      for (const key of keys) {
        for (const n of [1, 2, 3])
          await bench.add(queue, { options: grouped({ jobId: `${key}.${n}`, key }) });
      }
      await addTenants(bench, queue, 'A', 3);
      const groups = bench.broker.groupsOf(queue);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await groups.list({ state: 'holding', cursor, limit: 3 });
        expect(page.groups.length).toBeLessThanOrEqual(3);
        seen.push(...page.groups.map(({ gate, id, held, admitted }) => `${gate} ${id} ${held} ${admitted}`));
        cursor = page.cursor;
      } while (cursor !== null);
      expect(seen.toSorted()).toEqual([...keys.map((key) => `key ${key} 2 1`), 'tenant A 2 1']);
      const second = await jobOf(queue, 'key-3.2');
      expect(await groups.read({ gate: 'key', id: 'key-3' })).toEqual({
        ...{ gate: 'key', id: 'key-3', held: 2, admitted: 1, oldestHeldAt: second.timestamp },
      });
      expect(await groups.read({ gate: 'key', id: 'nobody' })).toEqual({
        ...{ gate: 'key', id: 'nobody', held: 0, admitted: 0, oldestHeldAt: null },
      });
    },
  ],
  [
    'runs a schedule’s jobs in the order of their key',
    async (bench) => {
      const queue = bench.open({ flow: { key: {} }, minRepeatMs: 50 });
      const hand = await HandWorker.on(bench, queue, 3);
      await addKeyed(bench, queue, 'a1');
      await hand.untilRunning('a1');
      await bench.add(queue, { options: grouped({ key: 'a', repeat: { every: 50, limit: 2 } }) });
      await waitUntil(async () => (await queue.getWaitingCount()) === 1, 'the run to be due');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a1']);
      await hand.completeUntil(3);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0, flow: { held: 0 } });
    },
  ],
];
