import type { Queue } from 'bull';
import type { FailedJob, FailedRange, LetterTarget } from '../../../src/message-queue/broker/broker.js';
import { recordOf } from '../../../src/message-queue/jobs/managed-job.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';

const OPS = { at: 5, by: 'ops' };
const NONE: ReadonlySet<string> = new Set();
let made = 100;

const toTargets = (ids: readonly string[]): LetterTarget[] => ids.map((id) => ({ id }));

/** Dead letters of a queue, in the order in which they failed. */
async function buried(bench: BrokerBench, queue: Queue, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    // Of those that fail in the same millisecond, Redis puts the lesser id first.
    const id = await bench.add(queue, { data: { n }, options: { jobId: `dead-${(made += 1)}` } });
    await bench.broker.cancel(queue, id, 'r');
    ids.push(id);
  }
  return ids;
}

async function read(bench: BrokerBench, queue: Queue, over: Partial<FailedRange> = {}): Promise<FailedJob[]> {
  const range = { order: 'oldest', start: 0, size: 1_000, payloads: false, ...over } as const;
  return (await bench.broker.readFailed(queue, range)).filter((job) => job !== null);
}

/** Reading, replaying and discarding jobs of the failed set. */
export const deadLetterCases: readonly BrokerCase[] = [
  [
    'reads the failed set by ranges, from either end, with payloads when asked',
    async (bench) => {
      const queue = bench.open();
      await bench.work(queue, (delivery) => failed(delivery));
      const id = await bench.add(queue, { options: { mq: { correlationId: 'c' } } });
      await bench.untilState(queue, id, 'failed');
      const [job] = await read(bench, queue, { payloads: true });
      expect(job).toMatchObject({ id, name: 'job', data: { n: 1 }, attemptsMade: 1, failedReason: 'no' });
      expect(job && recordOf(job)).toMatchObject({ correlationId: 'c', failures: [{ message: 'no' }] });
      const stored = await queue.getJob(id);
      expect([job?.timestamp, job?.processedOn, job?.finishedOn]).toEqual([
        ...[stored?.timestamp, stored?.processedOn, stored?.finishedOn],
      ]);
      const many = bench.open();
      const ids = await buried(bench, many, 5);
      const part = await read(bench, many, { start: 1, size: 2 });
      expect(part.map((one) => [one.id, one.data])).toEqual([
        [ids[1], undefined],
        [ids[2], undefined],
      ]);
      const newest = await read(bench, many, { order: 'newest', size: 2 });
      expect(newest.map((one) => one.id)).toEqual([ids[4], ids[3]]);
      expect(await read(bench, many, { start: 5 })).toEqual([]);
    },
  ],
  [
    'replays a dead letter: attempts begin anew, its history stays',
    async (bench) => {
      const queue = bench.open();
      let broken = true;
      await bench.work(queue, (delivery) =>
        broken ? failed(delivery) : completed(delivery.job.attemptsMade),
      );
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'failed');
      await (await queue.getJob(id))?.log('seen by ops');
      broken = false;
      expect(await bench.broker.replay(queue, [{ id }], OPS)).toEqual(new Set([id]));
      await bench.untilState(queue, id, 'completed');
      const job = await queue.getJob(id);
      expect([job?.returnvalue, job?.attemptsMade]).toEqual([0, 0]);
      expect(job && recordOf(job)).toMatchObject({ replays: [OPS], failures: [{ message: 'no' }] });
      expect((await queue.getJobLogs(id)).logs).toEqual(['seen by ops']);
    },
  ],
  [
    'replays into the job’s lane and takes a cancellation back',
    async (bench) => {
      const queue = bench.open();
      const id = await bench.add(queue, { options: { priority: 2 } });
      await bench.broker.cancel(queue, id, 'r');
      const [first, last] = [
        await bench.add(queue, { options: { priority: 1 } }),
        await bench.add(queue, { options: { priority: 3 } }),
      ];
      await bench.broker.replay(queue, [{ id }], OPS);
      expect((await queue.getWaiting()).map((job) => job.id)).toEqual([first, id, last]);
      const job = await queue.getJob(id);
      expect(job && recordOf(job).cancelled).toBeUndefined();
      expect([job?.failedReason, job?.finishedOn]).toEqual([undefined, undefined]);
    },
  ],
  [
    'replays many in the order given, each behind its own lane, and tells which',
    async (bench) => {
      const queue = bench.open();
      const at = (priority?: number) => bench.add(queue, { options: { priority } });
      const dead = [await at(3), await at(), await at(1), await at(3), await at()];
      for (const id of dead) await bench.broker.cancel(queue, id, 'r');
      const [urgent, plain] = [await at(3), await at()];
      const [a, b, c, d, e] = dead as [string, string, string, string, string];
      const replayed = await bench.broker.replay(queue, toTargets([...dead, plain, 'nobody', a]), OPS);
      expect(replayed).toEqual(new Set(dead));
      expect((await queue.getWaiting()).map((job) => job.id)).toEqual([c, urgent, a, d, plain, b, e]);
      const { runs } = await bench.work(queue);
      await bench.untilState(queue, e, 'completed');
      expect(runs).toEqual([c, urgent, a, d, plain, b, e]);
    },
  ],
  [
    'replays a thousand in one call, also into a paused queue',
    async (bench) => {
      const queue = bench.open();
      await queue.pause();
      const requests = Array.from({ length: 1_000 }, (_, n) => ({ name: 'job', data: { n }, options: {} }));
      const ids = await bench.addAll(queue, requests);
      await Promise.all(ids.map((id) => bench.broker.cancel(queue, id, 'r')));
      expect((await bench.broker.replay(queue, toTargets(ids), OPS)).size).toBe(1_000);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ paused: 1_000, failed: 0, isPaused: true });
      expect((await queue.getJobs(['paused'], 0, 999, true)).map((job) => job.id)).toEqual(ids);
    },
  ],
  [
    'keeps the newest replays of a job, and its newest failures, as far as they fit',
    async (bench) => {
      const queue = bench.open();
      const [id = ''] = await buried(bench, queue, 1);
      for (let at = 1; at <= 22; at++) {
        await bench.broker.replay(queue, [{ id }], { at, by: 'ops' });
        await bench.broker.cancel(queue, id, 'r');
      }
      const [job] = await read(bench, queue);
      const record = job && recordOf(job);
      expect(record?.replays?.map(({ at }) => at)).toEqual([14, 15, 16, 17, 18, 19, 20, 21, 22]);
      expect(record?.failures).toHaveLength(16);
    },
  ],
  [
    'keeps the history of a job that was replayed and came back since it was read',
    async (bench) => {
      const queue = bench.open();
      const [id = ''] = await buried(bench, queue, 1);
      const asRead = await read(bench, queue);
      await bench.broker.replay(queue, [{ id }], { at: 1, by: 'ann' });
      await bench.broker.cancel(queue, id, 'again');
      expect(await bench.broker.replay(queue, asRead, { at: 2, by: 'bob' })).toEqual(new Set([id]));
      const job = await queue.getJob(id);
      const record = job && recordOf(job);
      expect(record?.replays?.map(({ by }) => by)).toEqual(['ann', 'bob']);
      expect(record?.failures).toHaveLength(2);
    },
  ],
  [
    'replays nothing that has not failed',
    async (bench) => {
      const queue = bench.open();
      const id = await bench.add(queue);
      expect(await bench.broker.replay(queue, toTargets([id, 'nobody']), OPS)).toEqual(NONE);
      expect(await bench.broker.replay(queue, [], OPS)).toEqual(NONE);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 1 });
    },
  ],
  [
    'discards dead letters, once, and nothing that was replayed meanwhile',
    async (bench) => {
      const queue = bench.open();
      const [gone = '', replayed = '', other = ''] = await buried(bench, queue, 3);
      const heard: string[] = [];
      queue.on('removed', ({ id }: { id: string }) => heard.push(id));
      await bench.broker.replay(queue, [{ id: replayed }], OPS);
      expect(await bench.broker.discard(queue, toTargets([gone, replayed, other, gone, 'nobody']))).toEqual(
        new Set([gone, other]),
      );
      expect(await bench.broker.discard(queue, [{ id: gone }])).toEqual(NONE);
      expect(await bench.broker.discard(queue, [])).toEqual(NONE);
      expect(heard).toEqual([gone, other]);
      expect(await queue.getJob(gone)).toBeNull();
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 1, failed: 0 });
    },
  ],
  [
    'discards a dead letter as it was read, not one that was replayed and failed anew since',
    async (bench) => {
      const queue = bench.open();
      const [anew = '', same = ''] = await buried(bench, queue, 2);
      const asRead = await read(bench, queue);
      await bench.broker.replay(queue, [{ id: anew }], OPS);
      await bench.broker.cancel(queue, anew, 'again');
      expect(await bench.broker.discard(queue, asRead)).toEqual(new Set([same]));
      expect((await read(bench, queue)).map(({ id }) => id)).toEqual([anew]);
      expect(await bench.broker.discard(queue, await read(bench, queue))).toEqual(new Set([anew]));
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0, failed: 0 });
    },
  ],
  [
    'replays or discards a dead letter when both are asked for at once, never half of each',
    async (bench) => {
      const queue = bench.open();
      for (let n = 0; n < 20; n++) {
        const [id = ''] = await buried(bench, queue, 1);
        const [replayed, discarded] = await Promise.all([
          bench.broker.replay(queue, [{ id }], OPS),
          bench.broker.discard(queue, [{ id }]),
        ]);
        expect(replayed.has(id)).not.toBe(discarded.has(id));
        expect(await (await queue.getJob(id))?.getState()).toBe(replayed.has(id) ? 'waiting' : undefined);
      }
    },
  ],
];
