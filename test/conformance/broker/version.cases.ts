import type { Queue } from 'bull';
import { recordOf } from '../../../src/message-queue/jobs/managed-job.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { JsonPayload } from '../../../src/message-queue/admission/payloads/json-payload.js';
import { addAll } from '../../support/add-all.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';

/** A run whose worker does not know the job. */
function passedOn(
  { unknownSince = Date.now() }: TakenJob,
  delayMs: number,
  version = 1,
): Extract<Settlement, { kind: 'passed-on' }> {
  return { kind: 'passed-on', delayMs, leftMs: 3_600_000, since: unknownSince, version, reason: 'not known' };
}

/** Works on a queue, passing every job on for a minute. @returns their ids, once all were */
async function passAllOn(
  bench: BrokerBench,
  queue: Queue,
  versionOfJob: (taken: TakenJob) => number = () => 1,
): Promise<string[]> {
  const { waiting } = await bench.broker.snapshot(queue);
  await bench.work(queue, (taken) => passedOn(taken, 60_000, versionOfJob(taken)));
  await waitUntil(
    async () => (await bench.broker.snapshot(queue)).unknown === waiting,
    `${waiting} jobs to be passed on`,
  );
  return (await queue.getDelayed()).map(({ id }) => String(id));
}

/** Jobs that a worker does not know, and the versions of payloads. */
export const versionCases: readonly BrokerCase[] = [
  [
    'passes a job on: it is delayed, spends no attempt, and the next run hears since when',
    async (bench) => {
      const queue = bench.open();
      const heard: (number | undefined)[] = [];
      await bench.work(queue, (taken) => {
        heard.push(taken.unknownSince);
        return heard.length < 3 ? passedOn(taken, 40) : completed(taken.job.attemptsMade);
      });
      const before = Date.now();
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'completed');
      const since = heard[1] ?? 0;
      expect(heard).toEqual([undefined, since, since]);
      expect(since).toBeGreaterThanOrEqual(before - 1);
      expect(Date.now() - since).toBeGreaterThanOrEqual(78);
      const job = await queue.getJob(id);
      expect([job?.attemptsMade, job?.returnvalue, job && recordOf(job).failures]).toEqual([0, 0, undefined]);
    },
  ],
  [
    'waits anew when it is passed on after a worker knew it',
    async (bench) => {
      const queue = bench.open();
      const heard: (number | undefined)[] = [];
      await bench.work(queue, (taken) => {
        heard.push(taken.unknownSince);
        if (heard.length === 2) return failed(taken, 0);
        return heard.length < 4 ? passedOn(taken, 10) : completed();
      });
      await bench.untilState(queue, await bench.add(queue), 'completed');
      expect(heard).toEqual([undefined, expect.any(Number), undefined, expect.any(Number)]);
      await waitUntil(async () => (await bench.broker.snapshot(queue)).unknown === 0, 'none to be unknown');
    },
  ],
  [
    'keeps the lanes of jobs that were passed on, and their order',
    async (bench) => {
      const queue = bench.open();
      const ids: string[] = [];
      // Each of a kind of its own: those of one kind may go together.
      for (const [n, priority] of [9, 3, 3, 1, 3].entries()) {
        ids.push(await bench.add(queue, { name: `new-${n}`, options: { priority } }));
      }
      // The least important one is due first.
      const { runs } = await bench.work(queue, (taken) =>
        taken.unknownSince === undefined
          ? passedOn(taken, taken.job.opts.priority === 9 ? 300 : 600)
          : completed(),
      );
      await waitUntil(async () => (await bench.broker.snapshot(queue)).unknown === 5, 'all to be passed on');
      await queue.pause();
      await waitUntil(async () => (await bench.broker.snapshot(queue)).paused === 5, 'all to be due');
      await queue.resume();
      await waitUntil(() => runs.length === 10, 'ten runs');
      const order = [ids[3], ids[1], ids[2], ids[4], ids[0]];
      expect(runs).toEqual([...order, ...order]);
    },
  ],
  [
    'leaves jobs that were passed on alone the longer, the more there are, yet no longer than they have left',
    async (bench) => {
      const queue = bench.open();
      const added = Date.now();
      const requests = Array.from({ length: 150 }, (_, n) => ({
        ...{ name: `new-${n}`, data: {} },
        options: { jobId: `j${n}` },
      }));
      await addAll(bench.broker, queue, requests);
      const [nextToLast, last] = ['j148', 'j149'];
      let soonest = Number.POSITIVE_INFINITY;
      const { runs } = await bench.work(queue, (taken) => {
        if (taken.unknownSince === undefined) {
          return taken.job.id === last ? { ...passedOn(taken, 1), leftMs: 2 } : passedOn(taken, 1);
        }
        if (taken.job.id === nextToLast) soonest = Date.now() - added;
        return completed();
      });
      await waitUntil(async () => (await bench.broker.snapshot(queue)).completed === 150, 'all to be run');
      expect(soonest).toBeGreaterThanOrEqual(700);
      expect(runs.lastIndexOf(last)).toBeLessThan(runs.lastIndexOf(nextToLast));
    },
  ],
  [
    'lists the jobs that were passed on by kind, most first, and since when',
    async (bench) => {
      const queue = bench.open();
      expect(await bench.broker.readUnknown(queue)).toEqual({ count: 0, kinds: [] });
      const before = Date.now();
      for (const name of ['other', 'job', 'job', 'job']) await bench.add(queue, { name });
      await passAllOn(bench, queue, ({ job }) => (job.name === 'job' ? 7 : 1));
      const since = expect.any(Number) as number;
      const { count, kinds } = await bench.broker.readUnknown(queue);
      expect(count).toBe(4);
      expect(kinds).toEqual([
        { job: 'job', version: 7, count: 3, since },
        { job: 'other', version: 1, count: 1, since },
      ]);
      for (const kind of kinds) expect(Math.abs(kind.since - before)).toBeLessThan(30_000);
    },
  ],
  [
    'lists no job that was removed, cancelled, purged or became a dead letter',
    async (bench) => {
      const queue = bench.open();
      for (let n = 0; n < 5; n++) await bench.add(queue);
      const [removed = '', cancelled = '', ...purged] = await passAllOn(bench, queue);
      const count = async (): Promise<number> => (await bench.broker.readUnknown(queue)).count;
      await (await queue.getJob(removed))?.remove();
      expect(await count()).toBe(4);
      await bench.broker.cancel(queue, cancelled, 'no longer wanted');
      expect(await count()).toBe(3);
      expect(await bench.broker.purge(queue)).toBe(purged.length);
      expect(await bench.broker.readUnknown(queue)).toEqual({ count: 0, kinds: [] });
      const other = bench.open();
      const id = await bench.add(other);
      await bench.work(other, (taken) =>
        taken.unknownSince === undefined ? passedOn(taken, 10) : failed(taken),
      );
      await bench.untilState(other, id, 'failed');
      expect(await bench.broker.readUnknown(other)).toEqual({ count: 0, kinds: [] });
    },
  ],
  [
    'gives a dead letter that is replayed its whole time again',
    async (bench) => {
      const queue = bench.open();
      const heard: (number | undefined)[] = [];
      await bench.work(queue, (taken) => {
        heard.push(taken.unknownSince);
        return heard.length === 2 ? failed(taken) : passedOn(taken, heard.length === 1 ? 10 : 60_000);
      });
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'failed');
      await bench.broker.replay(queue, [{ id }], { at: Date.now(), by: 'a test' });
      await bench.untilState(queue, id, 'delayed');
      expect(heard).toEqual([undefined, expect.any(Number), undefined]);
      expect((await queue.getJob(id))?.attemptsMade).toBe(0);
    },
  ],
  [
    "stores the version of a job's payload, whichever way it is added, unless it is the first",
    async (bench) => {
      const queue = bench.open({ versions: { job: { version: 3 } } });
      const versionOfStored = async (id: unknown): Promise<unknown> => {
        const job = await queue.getJob(String(id));
        return job === null ? 'no job' : recordOf(job).version;
      };
      const ids: unknown[] = [
        await bench.add(queue),
        await bench.add(queue, { options: { delay: 60_000, priority: 2 } }),
        ...(await bench.addAll(queue, [{ name: 'job', data: { n: 1 }, options: {} }])),
        (await queue.add('job', { n: 1 })).id,
        (await queue.add('job', { n: 1 }, { repeat: { every: 3_600_000 } })).id,
        ...(await queue.addBulk([{ name: 'job', data: { n: 1 } }])).map(({ id }) => id),
      ];
      expect(await Promise.all(ids.map(versionOfStored))).toEqual([3, 3, 3, 3, 3, 3]);
      expect(await versionOfStored(await bench.add(queue, { name: 'other' }))).toBe(undefined);
      const data = new JsonPayload('{"n":1}', 7);
      const ordinary = { data, options: { priority: 6, mq: { version: 3 } }, ordinary: true };
      expect(await versionOfStored(await bench.add(queue, ordinary))).toBe(3);
      const first = { name: 'other', data, options: { priority: 6 }, ordinary: true };
      expect(await versionOfStored(await bench.add(queue, first))).toBe(undefined);
    },
  ],
  [
    'leaves a copied job in the version that it has',
    async (bench) => {
      const queue = bench.open({ versions: { job: { version: 3 } } });
      const copies = [{ version: 2 }, { defaultAttempts: true }].map(async (mq) => {
        const { id } = await queue.add('job', { n: 1 }, { mq } as object);
        const job = await queue.getJob(id);
        return job && recordOf(job).version;
      });
      expect(await Promise.all(copies)).toEqual([2, undefined]);
    },
  ],
];
