import type { Job, Queue } from 'bull';
import type { GroupPage } from '../../../src/message-queue/broker/groups-of-queue.js';
import type { FlowPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';
import type { QueueDefinition } from '../../../src/message-queue/jobs/queue-definition.js';
import { QUEUE_DEFAULTS } from '../../../src/message-queue/jobs/queue-settings.js';
import { clockPasses } from '../../support/clock-passes.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { failed } from './broker-bench.js';
import { addAllKeyed, addKeyed, HandWorker } from './hand-worker.js';

const HOUR_MS = 3_600_000;
const OPS = { at: 5, by: 'ops' };
const KEY = { gate: 'key', id: 'a' } as const;

function open(bench: BrokerBench, key: FlowPolicy['key'] = {}, over: Partial<QueueDefinition> = {}): Queue {
  return bench.open({ flow: { key }, ...over });
}

/** A queue whose key `a` stands still for its first job; three more wait, and key `b` is idle. */
async function parked(
  bench: BrokerBench,
  over: Partial<QueueDefinition> = {},
): Promise<{ readonly queue: Queue; readonly hand: HandWorker }> {
  const queue = open(bench, {}, over);
  const hand = await HandWorker.on(bench, queue);
  await addAllKeyed(bench, queue, ['a1', 'a2', 'a3']);
  await hand.untilRunning('a1');
  await hand.fail('a1');
  return { queue, hand };
}

async function jobOf(queue: Queue, id: string): Promise<Job> {
  return (await queue.getJob(id)) as Job;
}

/** Dead letters of no key. */
async function bury(bench: BrokerBench, queue: Queue, count: number, bytes = 10): Promise<void> {
  for (let n = 0; n < count; n++) {
    const id = await bench.add(queue, { data: { text: 'x'.repeat(bytes) }, options: { delay: HOUR_MS } });
    await bench.broker.cancel(queue, id, 'r');
  }
}

/** Dead letters of keys: what stands still for them, and how it goes on. */
export const flowParkedCases: readonly BrokerCase[] = [
  [
    'stands still for a dead letter, alone, and shows it',
    async (bench) => {
      const before = bench.broker.now();
      const { queue, hand } = await parked(bench);
      await addKeyed(bench, queue, 'b1');
      await bench.add(queue, { options: { jobId: 'none' } });
      await hand.untilRunning('b1', 'none');
      await hand.end('b1');
      await hand.end('none');
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      const { flow, waiting, failed: dead } = await bench.broker.snapshot(queue);
      expect([waiting, dead]).toEqual([2, 1]);
      expect(flow).toMatchObject({ held: 2, holding: 1, parked: 1, oldestParked: { key: 'a', jobId: 'a1' } });
      expect(flow.oldestParked?.since).toBeGreaterThanOrEqual(before - 1);
      const groups = bench.broker.groupsOf(queue);
      const status = { gate: 'key', id: 'a', held: 2, parkedBy: { jobId: 'a1' } };
      expect(await groups.read(KEY)).toMatchObject(status);
      const page = await groups.list({ state: 'parked', cursor: null, limit: 10 });
      expect(page).toMatchObject({ groups: [status], cursor: null });
    },
  ],
  [
    'runs a dead letter that is replayed before everything that waits behind it',
    async (bench) => {
      const { queue, hand } = await parked(bench);
      expect(await bench.broker.replay(queue, [{ id: 'a1' }], OPS)).toEqual(new Set(['a1']));
      await hand.untilRunning('a1');
      expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ parked: 0, oldestParked: null });
      await hand.fail('a1', 20);
      expect(await hand.completeUntil(5)).toEqual(['a1', 'a1', 'a1', 'a2', 'a3']);
    },
  ],
  [
    'stands still again when the replayed job dies again',
    async (bench) => {
      const { queue, hand } = await parked(bench);
      await bench.broker.replay(queue, [{ id: 'a1' }], OPS);
      await hand.untilRunning('a1');
      await hand.fail('a1');
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      const { flow } = await bench.broker.snapshot(queue);
      expect(flow).toMatchObject({ held: 2, parked: 1, oldestParked: { jobId: 'a1' } });
      await bench.broker.discard(queue, [{ id: 'a1' }]);
      expect(await hand.completeUntil(4)).toEqual(['a1', 'a1', 'a2', 'a3']);
    },
  ],
  [
    'goes on without a dead letter that is discarded, also by Bull’s own calls and by erasure',
    async (bench) => {
      const removals: Readonly<Record<string, (queue: Queue) => Promise<unknown>>> = {
        discard: (queue) => bench.broker.discard(queue, [{ id: 'a1' }]),
        'job.remove()': async (queue) => (await jobOf(queue, 'a1')).remove(),
        'removeJobs()': (queue) => queue.removeJobs('a1'),
        'clean()': (queue) => queue.clean(-1_000, 'failed'),
        'erase()': (queue) => bench.broker.jobsOf(queue).erase(['a1']),
      };
      for (const [how, remove] of Object.entries(removals)) {
        const { queue, hand } = await parked(bench);
        await remove(queue);
        await hand.untilRunning('a2').catch((error: unknown) => {
          throw new Error(`Stands still after ${how}.`, { cause: error });
        });
        await hand.end('a2');
        await hand.untilRunning('a3');
        await hand.end('a3');
        const { flow, waiting } = await bench.broker.snapshot(queue);
        expect([how, flow.held, flow.parked, waiting]).toEqual([how, 0, 0, 0]);
      }
    },
  ],
  [
    'runs a dead letter before the others when Bull’s own calls retry it',
    async (bench) => {
      const retries: Readonly<Record<string, (queue: Queue) => Promise<unknown>>> = {
        'job.retry()': async (queue) => (await jobOf(queue, 'a1')).retry(),
        'retryJobs()': (queue) => (queue as unknown as { retryJobs(): Promise<unknown> }).retryJobs(),
      };
      for (const [how, retry] of Object.entries(retries)) {
        const { queue, hand } = await parked(bench);
        await retry(queue);
        const started = await hand.completeUntil(4);
        expect([how, ...started]).toEqual([how, 'a1', 'a1', 'a2', 'a3']);
        expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ held: 0, parked: 0 });
      }
    },
  ],
  [
    'never loses the dead letter for which a key stands still to retention: not by number, bytes or age',
    async (bench) => {
      const limits = { failedCount: 3, failedBytes: 100 * 1_024, failedAgeMs: 1 };
      for (const limit of ['failedCount', 'failedBytes', 'failedAgeMs'] as const) {
        const retention = { ...QUEUE_DEFAULTS.retention, [limit]: limits[limit] };
        const { queue, hand } = await parked(bench, { retention });
        await bury(bench, queue, 12, limit === 'failedBytes' ? 20 * 1_024 : 10);
        await clockPasses(2);
        await bench.broker.sweepFailed(queue, 1_000);
        expect([limit, await (await queue.getJob('a1'))?.getState()]).toEqual([limit, 'failed']);
        // The others went as they should.
        expect(await queue.getFailedCount()).toBeLessThan(8);
        await bench.broker.replay(queue, [{ id: 'a1' }], OPS);
        expect(await hand.completeUntil(4)).toEqual(['a1', 'a1', 'a2', 'a3']);
      }
    },
  ],
  [
    'drops a dead letter like any other once its key goes on without it',
    async (bench) => {
      const retention = { ...QUEUE_DEFAULTS.retention, failedCount: 2 };
      const queue = open(bench, { onDeadLetter: 'skip' }, { retention });
      await addAllKeyed(bench, queue, ['a1', 'a2']);
      await bench.work(queue, (taken) => failed(taken), 1);
      await bench.untilState(queue, 'a2', 'failed');
      await bury(bench, queue, 3);
      expect([await queue.getJob('a1'), await queue.getJob('a2')]).toEqual([null, null]);
    },
  ],
  [
    'goes on at once behind a dead letter where the key says so; replays join the end, in the order of the call',
    async (bench) => {
      const queue = open(bench, { onDeadLetter: 'skip' });
      const hand = await HandWorker.on(bench, queue);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3', 'a4']);
      await hand.untilRunning('a1');
      await hand.fail('a1');
      await hand.untilRunning('a2');
      await hand.fail('a2');
      await hand.untilRunning('a3');
      expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ parked: 0, held: 1 });
      await bench.broker.replay(queue, [{ id: 'a1' }, { id: 'a2' }], OPS);
      await addKeyed(bench, queue, 'a5');
      expect(await hand.completeUntil(7)).toEqual(['a1', 'a2', 'a3', 'a4', 'a1', 'a2', 'a5']);
    },
  ],
  [
    'goes on at once where more than one job of a key may run',
    async (bench) => {
      const queue = open(bench, { concurrency: 2 });
      const hand = await HandWorker.on(bench, queue, 4);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3', 'a4']);
      await hand.untilRunning('a1', 'a2');
      await hand.fail('a1');
      await hand.untilRunning('a2', 'a3');
      await hand.fail('a2');
      await hand.untilRunning('a3', 'a4');
      expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ parked: 0, held: 0 });
    },
  ],
  [
    'does not stand still for what was cancelled or erased, before or while it ran',
    async (bench) => {
      const queue = open(bench);
      const { broker } = bench;
      const hand = await HandWorker.on(bench, queue);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3', 'a4', 'a5']);
      await hand.untilRunning('a1');
      expect(await broker.cancel(queue, 'a1', 'no need')).toBe('signalled');
      await hand.cancel('a1');
      await hand.untilRunning('a2');
      expect(await broker.cancel(queue, 'a3', 'no need')).toBe('removed');
      expect((await broker.jobsOf(queue).erase(['a4'])).removed).toEqual(['a4']);
      await hand.end('a2');
      await hand.untilRunning('a5');
      const { flow, failed: dead } = await broker.snapshot(queue);
      expect([dead, flow.parked, flow.held]).toEqual([2, 0, 0]);
    },
  ],
  [
    'joins the end of its key when what was cancelled is replayed',
    async (bench) => {
      const queue = open(bench);
      const hand = await HandWorker.on(bench, queue);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3']);
      await bench.broker.cancel(queue, 'a2', 'no need');
      await bench.broker.replay(queue, [{ id: 'a2' }], OPS);
      await addKeyed(bench, queue, 'a4');
      expect(await hand.completeUntil(4)).toEqual(['a1', 'a3', 'a2', 'a4']);
    },
  ],
  [
    'stands still while nothing waits, and holds what comes',
    async (bench) => {
      const queue = open(bench);
      const hand = await HandWorker.on(bench, queue);
      await addKeyed(bench, queue, 'a1');
      await hand.untilRunning('a1');
      await hand.fail('a1');
      expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ held: 0, holding: 0, parked: 1 });
      await addKeyed(bench, queue, 'a2');
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      await bench.broker.discard(queue, [{ id: 'a1' }]);
      expect(await hand.completeUntil(2)).toEqual(['a1', 'a2']);
    },
  ],
  [
    'tells the keys that stand still by how long they have',
    async (bench) => {
      const queue = open(bench);
      const hand = await HandWorker.on(bench, queue);
      await addAllKeyed(bench, queue, ['b1', 'a1', 'c1']);
      for (const id of ['b1', 'a1', 'c1']) {
        await hand.untilRunning(id);
        await hand.fail(id);
        await clockPasses();
      }
      const { flow } = await bench.broker.snapshot(queue);
      expect(flow).toMatchObject({ parked: 3, oldestParked: { key: 'b', jobId: 'b1' } });
      await bench.broker.discard(queue, [{ id: 'b1' }]);
      const left = await bench.broker.snapshot(queue);
      expect(left.flow).toMatchObject({ parked: 2, oldestParked: { key: 'a', jobId: 'a1' } });
      const listed: string[] = [];
      for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
        const page: GroupPage = await bench.broker
          .groupsOf(queue)
          .list({ state: 'parked', cursor, limit: 1 });
        listed.push(...page.groups.map(({ id }) => id));
        ({ cursor } = page);
      }
      expect(listed.toSorted()).toEqual(['a', 'c']);
    },
  ],
];
