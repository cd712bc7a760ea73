import type { Queue } from 'bull';
import type { BatchPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import type { QueueWorker } from '../../../src/message-queue/broker/broker.js';
import { waitUntil } from '../../support/wait-until.js';
import { aborted, completed, failed } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

/** Longer than any test: what happens does not wait for it. */
const NEVER_MS = 600_000;

/** A queue that collects its jobs named `job`. */
function open(bench: BrokerBench, batch: BatchPolicy): Queue {
  return bench.open({ flow: { jobs: { job: { batch } } } });
}

/** Adds jobs of one group, the ids being its name and a number. */
async function addMany(bench: BrokerBench, queue: Queue, count: number, key?: string): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => `${key ?? 'job'}-${i}`);
  for (const jobId of ids) await bench.add(queue, { options: { jobId, mq: { key } } });
  return ids;
}

type Settle = (member: TakenJob, members: readonly TakenJob[]) => Settlement | Promise<Settlement>;

interface Working {
  /** Ids of the members of each run, in the order in which they began. */
  readonly runs: string[][];
  /** When each began. */
  readonly startedAt: number[];
  readonly worker: QueueWorker;
}

/** Works on a queue; every member ends as `settle` says. */
async function work(
  bench: BrokerBench,
  queue: Queue,
  settle: Settle = () => completed(),
  concurrency = 1,
): Promise<Working> {
  const runs: string[][] = [];
  const startedAt: number[] = [];
  const run = (members: readonly TakenJob[]): Promise<Settlement[]> => {
    runs.push(members.map(({ job }) => String(job.id)));
    startedAt.push(performance.now());
    return Promise.all(members.map(async (member) => settle(member, members)));
  };
  const worker = await bench.broker.work(
    queue,
    concurrency,
    async (taken) => (await run([taken]))[0] as Settlement,
    run,
  );
  return { runs, startedAt, worker };
}

const allCompleted = (bench: BrokerBench, queue: Queue, ids: readonly string[]): Promise<unknown> =>
  Promise.all(ids.map((id) => bench.untilState(queue, id, 'completed')));

const sizes = (runs: readonly string[][]): number[] => runs.map(({ length }) => length);

/** How many jobs wait, and how many of them for their group. */
async function waitingOf({ broker }: BrokerBench, queue: Queue): Promise<[waiting: number, held: number]> {
  const { waiting, flow } = await broker.snapshot(queue);
  return [waiting, flow.held];
}

/** Jobs that are collected for one run of their handler. */
export const digestCases: readonly BrokerCase[] = [
  [
    'run together as soon as there are as many as a run may have, never more; the rest when their time is up',
    async (bench) => {
      const queue = open(bench, { size: 5, waitMs: 400 });
      const { runs, startedAt } = await work(bench, queue);
      const ids = await addMany(bench, queue, 12);
      await allCompleted(bench, queue, ids);
      expect(sizes(runs)).toEqual([5, 5, 2]);
      expect(runs.flat()).toEqual(ids);
      const [first = 0, second = 0, third = 0] = startedAt;
      expect(second - first).toBeLessThan(390);
      expect(third - second).toBeGreaterThan(390);
    },
  ],
  [
    'wait for others no longer than they may, from the first one on',
    async (bench) => {
      const queue = open(bench, { size: 50, waitMs: 300 });
      const { runs, startedAt } = await work(bench, queue);
      const addedAt = performance.now();
      const ids = await addMany(bench, queue, 3);
      expect(await waitingOf(bench, queue)).toEqual([3, 3]);
      await allCompleted(bench, queue, ids);
      expect(runs).toEqual([ids]);
      expect((startedAt[0] ?? 0) - addedAt).toBeGreaterThan(290);
      expect(await waitingOf(bench, queue)).toEqual([0, 0]);
      const later = await bench.add(queue);
      await bench.untilState(queue, later, 'completed');
      expect((startedAt[1] ?? 0) - (startedAt[0] ?? 0)).toBeGreaterThan(290);
    },
  ],
  [
    'of which one fails: only that one runs again, and each is completed once',
    async (bench) => {
      const queue = open(bench, { size: 4, waitMs: 100 });
      let hasFailed = false;
      const { runs } = await work(bench, queue, (member) => {
        if (member.job.id !== 'job-2' || hasFailed) return completed();
        hasFailed = true;
        return failed(member, 50);
      });
      const ids = await addMany(bench, queue, 4);
      await allCompleted(bench, queue, ids);
      expect(runs).toEqual([ids, ['job-2']]);
      expect((await queue.getJob('job-2'))?.attemptsMade).toBe(1);
      expect((await queue.getJob('job-1'))?.attemptsMade).toBe(0);
    },
  ],
  [
    'that all fail are collected again after their backoff; dead letters keep nobody waiting',
    async (bench) => {
      const queue = open(bench, { size: 3, waitMs: 100 });
      const { runs } = await work(bench, queue, (member) =>
        failed(member, member.job.attemptsMade === 0 ? 20 : null),
      );
      const ids = await addMany(bench, queue, 3);
      await Promise.all(ids.map((id) => bench.untilState(queue, id, 'failed')));
      expect(runs.map((members) => [...members].sort())).toEqual([ids, ids]);
      const other = await addMany(bench, queue, 1, 'more');
      await waitUntil(() => runs.length === 3, 'the next batch');
      expect(runs[2]).toEqual(other);
    },
  ],
  [
    'are collected by their keys: batches of one group run one after the other, those of others beside them',
    async (bench) => {
      const queue = open(bench, { size: 2, waitMs: NEVER_MS });
      const running = new Map<string, number>();
      let [most, mostOfOne] = [0, 0];
      const leaders = new Set<TakenJob>();
      const { runs } = await work(
        bench,
        queue,
        async (member, members) => {
          if (member !== members[0]) return completed();
          leaders.add(member);
          const key = String(member.job.id).slice(0, 1);
          running.set(key, (running.get(key) ?? 0) + 1);
          most = Math.max(most, leaders.size);
          mostOfOne = Math.max(mostOfOne, running.get(key) ?? 0);
          await waitUntil(() => most > 1, 'a batch of each key');
          running.set(key, (running.get(key) ?? 0) - 1);
          leaders.delete(member);
          return completed();
        },
        4,
      );
      const ids = (await Promise.all(['a', 'b'].map((key) => addMany(bench, queue, 6, key)))).flat();
      await allCompleted(bench, queue, ids);
      expect([most, mostOfOne]).toEqual([2, 1]);
      expect(sizes(runs)).toEqual([2, 2, 2, 2, 2, 2]);
      for (const [first = '', second = ''] of runs) expect(first[0]).toBe(second[0]);
      expect(runs.flat().sort()).toEqual([...ids].sort());
    },
  ],
  [
    'take one handler, however many they are',
    async (bench) => {
      const queue = open(bench, { size: 3, waitMs: NEVER_MS });
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const { runs } = await work(
        bench,
        queue,
        async ({ job }) => {
          if (job.name === 'job') await ended;
          return completed();
        },
        2,
      );
      const ids = await addMany(bench, queue, 3);
      await waitUntil(() => runs.length === 1, 'the batch to run');
      expect((await bench.broker.snapshot(queue)).active).toBe(3);
      for (let n = 0; n < 3; n++)
        await bench.untilState(queue, await bench.add(queue, { name: 'other' }), 'completed');
      end();
      await allCompleted(bench, queue, ids);
    },
  ],
  [
    'that are handed back run together again at once',
    async (bench) => {
      const queue = open(bench, { size: 3, waitMs: NEVER_MS });
      const { runs } = await work(bench, queue, () =>
        runs.length === 1 ? { kind: 'handed-back' } : completed(),
      );
      const ids = await addMany(bench, queue, 3);
      await allCompleted(bench, queue, ids);
      expect(runs).toEqual([ids, ids]);
    },
  ],
  [
    'are cancelled one by one, waiting or running, and the others go on',
    async (bench) => {
      const queue = open(bench, { size: 3, waitMs: NEVER_MS });
      const cancelled: string[] = [];
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const { runs } = await work(bench, queue, async (member) => {
        const stopped = aborted(member).then(({ message }) => cancelled.push(message));
        await Promise.race([stopped, ended]);
        return member.abortReason === undefined ? completed() : failed(member, null, 'stopped', 'cancelled');
      });
      const [first = '', second = ''] = await addMany(bench, queue, 2);
      expect(await bench.broker.cancel(queue, first, 'too early')).toBe('removed');
      const others = await addMany(bench, queue, 2, 'job');
      expect(others).toContain(second);
      const more = await bench.add(queue, { options: { jobId: 'third' } });
      const last = await bench.add(queue, { options: { jobId: 'fourth' } });
      await waitUntil(() => runs.length === 1, 'the batch to run');
      expect(runs).toEqual([[second, more, last]]);
      expect(await bench.broker.cancel(queue, more, 'too late')).toBe('signalled');
      await waitUntil(() => cancelled.length === 1, 'the signal');
      end();
      await allCompleted(bench, queue, [second, last]);
      await bench.untilState(queue, more, 'failed');
    },
  ],
  [
    'whose first one is removed while it waits for a handler run all the same',
    async (bench) => {
      const queue = open(bench, { size: 3, waitMs: NEVER_MS });
      await queue.pause();
      const { runs } = await work(bench, queue);
      const [first = '', ...others] = await addMany(bench, queue, 3);
      expect((await bench.broker.snapshot(queue)).flow.held).toBe(2);
      await (await queue.getJob(first))?.remove();
      await queue.resume();
      await allCompleted(bench, queue, others);
      expect(runs).toEqual([others]);
    },
  ],
  [
    'wait while their group is paused, and show when it opens',
    async (bench) => {
      const queue = open(bench, { size: 2, waitMs: 150 });
      const group = { gate: 'batch', id: 'job' } as const;
      const groups = bench.broker.groupsOf(queue);
      await groups.pause(group, 'quiet hours');
      const { runs } = await work(bench, queue);
      const ids = await addMany(bench, queue, 2);
      await bench.untilState(queue, await bench.add(queue, { name: 'other' }), 'completed');
      expect(sizes(runs)).toEqual([1]);
      expect(await groups.read(group)).toMatchObject({
        held: 2,
        admitted: 0,
        paused: { reason: 'quiet hours' },
      });
      await groups.resume(group);
      await allCompleted(bench, queue, ids);
      expect(runs[1]).toEqual(ids);
      await bench.add(queue);
      const { opensAt = 0 } = await groups.read(group);
      expect(opensAt - bench.broker.now()).toBeLessThanOrEqual(150);
      expect(opensAt).toBeGreaterThan(0);
    },
  ],
  [
    'of one user within ten seconds are three messages and no more (to a scale of 1 to 20)',
    async (bench) => {
      const queue = open(bench, { size: 50, waitMs: 250 });
      const { runs } = await work(bench, queue, undefined, 5);
      const ids: string[] = [];
      const begun = performance.now();
      for (let n = 0; n < 120; n++) {
        const jobId = `n-${n}`;
        ids.push(await bench.add(queue, { options: { jobId, mq: { key: 'u-7' } } }));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      // Where adding takes longer than the wait, a digest goes each time that it ends.
      const waits = Math.ceil((performance.now() - begun) / 250);
      await allCompleted(bench, queue, ids);
      expect(Math.max(...sizes(runs))).toBeLessThanOrEqual(50);
      expect(runs.length).toBeGreaterThanOrEqual(3);
      expect(runs.length).toBeLessThanOrEqual(3 + waits);
      expect(runs.flat().sort()).toEqual([...ids].sort());
    },
  ],
];
