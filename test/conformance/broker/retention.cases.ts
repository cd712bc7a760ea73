import type { Queue } from 'bull';
import type { QueueDefinition } from '../../../src/message-queue/jobs/queue-definition.js';
import { QUEUE_DEFAULTS } from '../../../src/message-queue/jobs/queue-settings.js';
import { clockPasses } from '../../support/clock-passes.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

type Retention = QueueDefinition['retention'];

const KILOBYTE = 1_024;
let made = 0;

function open(bench: BrokerBench, over: Partial<Retention>): Queue {
  return bench.open({ retention: { ...QUEUE_DEFAULTS.retention, ...over } });
}

/** Dead letters, in the order in which they failed. @returns their ids */
async function bury(bench: BrokerBench, queue: Queue, count: number, bytes = 10): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const options = { jobId: `kept-${String((made += 1)).padStart(6, '0')}` };
    const id = await bench.add(queue, { data: { text: 'x'.repeat(bytes) }, options });
    await bench.broker.cancel(queue, id, 'r');
    ids.push(id);
  }
  return ids;
}

/** Dead letters that Bull's own calls make, as another process' might. @returns their ids, the oldest first */
async function buryByBull(
  bench: BrokerBench,
  queue: Queue,
  count: number,
  { bytes = 10, logs = 0, progress = 0, reason = 10 },
): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const options = { jobId: `kept-${String((made += 1)).padStart(6, '0')}`, attempts: 1 };
    ids.push(await bench.add(queue, { data: { text: 'x'.repeat(bytes) }, options }));
    const job = await queue.getNextJob();
    if (progress > 0) await job?.progress('x'.repeat(progress));
    for (let line = 0; line < logs / KILOBYTE; line++) await job?.log('x'.repeat(KILOBYTE));
    await job?.moveToFailed({ message: 'x'.repeat(reason) });
  }
  return ids;
}

async function kept(queue: Queue): Promise<string[]> {
  return (await queue.getFailed(0, -1)).map(({ id }) => String(id)).toSorted();
}

/** How many dead letters a queue keeps, and which. */
export const retentionCases: readonly BrokerCase[] = [
  [
    'keeps no more dead letters than allowed, the newest, and counts those it drops',
    async (bench) => {
      const queue = open(bench, { failedCount: 5 });
      const before = Date.now();
      const ids = await bury(bench, queue, 5);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ failedDropped: 0, failedDroppedAt: null });
      ids.push(...(await bury(bench, queue, 8)));
      expect(await kept(queue)).toEqual(ids.slice(-5));
      expect(await queue.getJob(ids[0] ?? '')).toBeNull();
      const { failed, failedDropped, failedDroppedAt } = await bench.broker.snapshot(queue);
      expect([failed, failedDropped]).toEqual([5, 8]);
      expect(failedDroppedAt).toBeGreaterThanOrEqual(before - 1_000);
    },
  ],
  [
    'keeps no more bytes of dead letters than allowed, and always the last one',
    async (bench) => {
      const queue = open(bench, { failedBytes: 100 * KILOBYTE });
      const ids = await bury(bench, queue, 30, 10 * KILOBYTE);
      expect(await kept(queue)).toEqual(ids.slice(-(await queue.getFailedCount())));
      expect((await kept(queue)).length).toBeGreaterThanOrEqual(8);
      expect((await kept(queue)).length).toBeLessThanOrEqual(10);
      const [large] = await bury(bench, queue, 1, 300 * KILOBYTE);
      // What one death may drop is bounded.
      const [next] = await bury(bench, queue, 1, 300 * KILOBYTE);
      expect(await kept(queue)).toEqual([next]);
      expect(large).not.toBe(next);
      await bury(bench, queue, 20);
      expect(await queue.getFailedCount()).toBe(20);
    },
  ],
  [
    'counts what was replayed and discarded no more',
    async (bench) => {
      const queue = open(bench, { failedBytes: 100 * KILOBYTE });
      const ids = await bury(bench, queue, 8, 10 * KILOBYTE);
      const letters = ids.map((id) => ({ id }));
      await bench.broker.replay(queue, letters.slice(0, 2), { at: 1, by: 'ops' });
      await bench.broker.discard(queue, letters.slice(2, 6));
      const more = await bury(bench, queue, 6, 10 * KILOBYTE);
      expect(await kept(queue)).toEqual([...ids.slice(6), ...more]);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ failedDropped: 0 });
    },
  ],
  [
    'sweeps away what is too old, and tells once what was dropped',
    async (bench) => {
      const queue = open(bench, { failedAgeMs: 1, failedCount: 20 });
      const cleaned: string[][] = [];
      queue.on('cleaned', (ids) => cleaned.push(ids as unknown as string[]));
      const ids = await bury(bench, queue, 25);
      await clockPasses(2);
      expect(await bench.broker.sweepFailed(queue, 15)).toEqual({ removed: 15, dropped: 5 });
      expect(cleaned).toEqual([ids.slice(5, 20)]);
      expect(await bench.broker.sweepFailed(queue, 15)).toEqual({ removed: 5, dropped: 0 });
      expect(await bench.broker.sweepFailed(queue, 15)).toEqual({ removed: 0, dropped: 0 });
      expect(await bench.broker.snapshot(queue)).toMatchObject({ failed: 0, failedDropped: 5 });
    },
  ],
  [
    'knows the bytes again after letters left by other ways',
    async (bench) => {
      const queue = open(bench, { failedBytes: 400 * KILOBYTE });
      const ids = await bury(bench, queue, 30, 10 * KILOBYTE);
      for (const id of ids.slice(0, 25)) await (await queue.getJob(id))?.remove();
      await bench.broker.sweepFailed(queue, 1_000);
      const more = await bury(bench, queue, 30, 10 * KILOBYTE);
      expect(await kept(queue)).toEqual([...ids.slice(25), ...more]);
      await bury(bench, queue, 10, 10 * KILOBYTE);
      expect(await queue.getFailedCount()).toBeLessThanOrEqual(40);
      expect(await queue.getFailedCount()).toBeGreaterThanOrEqual(35);
    },
  ],
  [
    'bounds what dead letters take, whoever takes some away and brings others',
    async (bench) => {
      const queue = open(bench, { failedBytes: 100 * KILOBYTE });
      const ids = await bury(bench, queue, 8, 5 * KILOBYTE);
      await bench.broker.sweepFailed(queue, 1_000);
      for (const id of ids) await (await queue.getJob(id))?.remove();
      const large = await buryByBull(bench, queue, 8, { bytes: 40 * KILOBYTE });
      await clockPasses(20);
      await bench.broker.sweepFailed(queue, 1_000);
      expect(await kept(queue)).toEqual(large.slice(-2));
      for (const id of large.slice(-2)) await (await queue.getJob(id))?.remove();
      const small = await buryByBull(bench, queue, 2, { bytes: 10 });
      await clockPasses(20);
      await bench.broker.sweepFailed(queue, 1_000);
      const more = await bury(bench, queue, 7, 10 * KILOBYTE);
      expect(await kept(queue)).toEqual([...small, ...more]);
    },
  ],
  [
    'bounds what letters take beside their payloads: logs, progress, reasons',
    async (bench) => {
      const queue = open(bench, { failedBytes: 100 * KILOBYTE });
      for (const over of [{ logs: 40 * KILOBYTE }, { progress: 40 * KILOBYTE }, { reason: 40 * KILOBYTE }]) {
        const ids = await buryByBull(bench, queue, 4, over);
        await clockPasses(20);
        await bench.broker.sweepFailed(queue, 1_000);
        expect(await kept(queue)).toEqual(ids.slice(-2));
      }
    },
  ],
];
