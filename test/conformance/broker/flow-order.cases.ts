import type { Queue } from 'bull';
import type { FlowPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';
import { SHREDDED } from '../../../src/message-queue/jobs/settlement.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';
import { addAllKeyed, addKeyed, HandWorker } from './hand-worker.js';

const HOUR_MS = 3_600_000;
const ORDERED: FlowPolicy = { key: {} };

function open(bench: BrokerBench, key: FlowPolicy['key'] = {}): Queue {
  return bench.open({ flow: { key } });
}

async function promote(queue: Queue, id: string): Promise<void> {
  await (await queue.getJob(id))?.promote();
}

/** Jobs of one key: one at a time, in order, whatever becomes of their runs. */
export const flowOrderCases: readonly BrokerCase[] = [
  [
    'runs jobs of one key one after the other, beside those of other keys and of none',
    async (bench) => {
      const queue = open(bench);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3', 'b1', 'b2']);
      await bench.add(queue, { options: { jobId: 'none' } });
      const hand = await HandWorker.on(bench, queue, 6);
      await hand.untilRunning('a1', 'b1', 'none');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a1', 'b1', 'none']);
      await hand.end('a1');
      await hand.untilRunning('a2');
      await hand.end('b1');
      await hand.untilRunning('b2');
      expect(hand.running).toEqual(['a2', 'b2', 'none']);
      await hand.end('a2');
      await hand.untilRunning('a3');
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0, active: 3, completed: 3 });
    },
  ],
  [
    'keeps the order of adds made in one call, by a host, and in requests of their own',
    async (bench) => {
      const queue = open(bench);
      const mq = { key: 'k' };
      const ids = Array.from({ length: 20 }, (_, n) => `k${n}`);
      const request = (jobId: string) => ({ name: 'job', data: {}, options: { jobId, mq } });
      await bench.addAll(queue, ids.slice(0, 8).map(request));
      await queue.addBulk(ids.slice(8, 14).map((jobId) => ({ name: 'job', data: {}, opts: { jobId, mq } })));
      for (const jobId of ids.slice(14)) await queue.add('job', {}, { jobId, mq } as object);
      const { runs } = await bench.work(queue, () => completed(), 5);
      await bench.untilState(queue, 'k19', 'completed');
      expect(runs).toEqual(ids);
    },
  ],
  [
    'keeps a job’s place through retries at once and after a while, deferral, being passed on and handed back',
    async (bench) => {
      const queue = open(bench);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'b1', 'a3']);
      const passedOn = { kind: 'passed-on', delayMs: 20, leftMs: 60_000, since: Date.now() } as const;
      let tries = 0;
      const { runs } = await bench.work(
        queue,
        (taken) => {
          if (taken.job.id !== 'a1') return completed();
          tries += 1;
          if (tries === 1) return failed(taken, 0);
          if (tries === 2) return failed(taken, 20);
          if (tries === 3) return { kind: 'deferred', delayMs: 20, reason: 'later' };
          if (tries === 4) return { kind: 'handed-back' };
          return tries === 5 ? { ...passedOn, version: 1, reason: 'not known' } : completed();
        },
        3,
      );
      await bench.untilState(queue, 'a3', 'completed');
      expect(runs.filter((id) => id !== 'b1')).toEqual(['a1', 'a1', 'a1', 'a1', 'a1', 'a1', 'a2', 'a3']);
    },
  ],
  [
    'holds the key while its job is in backoff, and counts those behind it as waiting',
    async (bench) => {
      const queue = open(bench);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'b1']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a1', 'b1');
      await hand.fail('a1', HOUR_MS);
      await hand.end('b1');
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 1, delayed: 1, flow: { held: 1 } });
      await promote(queue, 'a1');
      await hand.untilRunning('a1');
      await hand.end('a1');
      await hand.untilRunning('a2');
    },
  ],
  [
    'lets a delayed job join its key when it is due: until then it is in nobody’s way',
    async (bench) => {
      const queue = open(bench);
      await addKeyed(bench, queue, 'a1', { delay: HOUR_MS });
      await addAllKeyed(bench, queue, ['a2', 'a3']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a2');
      await promote(queue, 'a1');
      await addKeyed(bench, queue, 'a4');
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 3, delayed: 0 });
      expect(await hand.completeUntil(4)).toEqual(['a2', 'a3', 'a1', 'a4']);
    },
  ],
  [
    'lets a delayed job join its key by itself',
    async (bench) => {
      const queue = open(bench);
      const hand = await HandWorker.on(bench, queue);
      await addKeyed(bench, queue, 'a1');
      await hand.untilRunning('a1');
      await addKeyed(bench, queue, 'a2', { delay: 30 });
      await bench.untilState(queue, 'a2', 'waiting');
      await addKeyed(bench, queue, 'a3');
      expect(await hand.completeUntil(3)).toEqual(['a1', 'a2', 'a3']);
    },
  ],
  [
    'keeps the place of a delayed job from its add, where the key says so',
    async (bench) => {
      const queue = open(bench, { delays: 'hold' });
      await addKeyed(bench, queue, 'a1');
      await addKeyed(bench, queue, 'a2', { delay: HOUR_MS });
      await addAllKeyed(bench, queue, ['a3', 'b1']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a1', 'b1');
      await hand.end('a1');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['b1']);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 1, delayed: 1 });
      await promote(queue, 'a2');
      await hand.untilRunning('a2');
      await hand.end('a2');
      await hand.untilRunning('a3');
      expect(hand.started).toEqual(['a1', 'b1', 'a2', 'a3']);
    },
  ],
  [
    'lets those behind a held delay go on when it is due, or when the job is gone',
    async (bench) => {
      const queue = open(bench, { delays: 'hold' });
      await addKeyed(bench, queue, 'a1', { delay: 30 });
      await addKeyed(bench, queue, 'a2');
      for (const [key, remove] of [
        ['b', async () => (await queue.getJob('b1'))?.remove()],
        ['c', () => bench.broker.cancel(queue, 'c1', 'no')],
        ['d', () => queue.removeJobs('d1')],
        ['e', () => bench.broker.jobsOf(queue).erase(['e1'])],
      ] as const) {
        await addKeyed(bench, queue, `${key}1`, { delay: HOUR_MS });
        await addKeyed(bench, queue, `${key}2`);
        await remove();
      }
      const hand = await HandWorker.on(bench, queue, 6);
      await hand.untilRunning('a1', 'b2', 'c2', 'd2', 'e2');
      await hand.end('a1');
      await hand.untilRunning('a2');
    },
  ],
  [
    'goes by the order of a key, never by priority, which only chooses the lane of the one whose turn it is',
    async (bench) => {
      const queue = open(bench);
      await addKeyed(bench, queue, 'a1', { priority: 9 });
      await addKeyed(bench, queue, 'a2', { priority: 1 });
      await addKeyed(bench, queue, 'b1', { priority: 3 });
      await addKeyed(bench, queue, 'a3', { priority: 9 });
      await addKeyed(bench, queue, 'c1', { priority: 5 });
      const hand = await HandWorker.on(bench, queue, 1);
      expect(await hand.completeUntil(5)).toEqual(['b1', 'c1', 'a1', 'a2', 'a3']);
    },
  ],
  [
    'runs as many of a key as it has slots, the most important of those that wait first',
    async (bench) => {
      const queue = open(bench, { concurrency: 2 });
      await addKeyed(bench, queue, 'a1', { priority: 5 });
      await addKeyed(bench, queue, 'a2', { priority: 5 });
      await addKeyed(bench, queue, 'a3', { priority: 9 });
      await addKeyed(bench, queue, 'a4', { priority: 1 });
      await addKeyed(bench, queue, 'a5');
      await addKeyed(bench, queue, 'a6', { priority: 1 });
      const hand = await HandWorker.on(bench, queue, 5);
      await hand.untilRunning('a1', 'a2');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a1', 'a2']);
      const order: string[] = [];
      for (const next of ['a4', 'a6', 'a3', 'a5']) {
        await hand.end(hand.running[0] as string);
        await hand.untilRunning(next);
        order.push(next);
      }
      expect(hand.started).toEqual(['a1', 'a2', ...order]);
    },
  ],
  [
    'gives the slot back in backoff where a key has several, and lets the retry join again',
    async (bench) => {
      const queue = open(bench, { concurrency: 2 });
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3', 'a4']);
      const hand = await HandWorker.on(bench, queue, 5);
      await hand.untilRunning('a1', 'a2');
      await hand.fail('a1', HOUR_MS);
      await hand.untilRunning('a2', 'a3');
      await promote(queue, 'a1');
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 2, delayed: 0, flow: { held: 2 } });
      await hand.end('a2');
      await hand.untilRunning('a3', 'a4');
      await hand.end('a3');
      await hand.untilRunning('a1', 'a4');
    },
  ],
  [
    'lets the next job go when the one whose turn it is goes before it ran, or ends in whatever way',
    async (bench) => {
      const queue = open(bench);
      const { broker } = bench;
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7']);
      await (await queue.getJob('a1'))?.remove();
      expect(await broker.cancel(queue, 'a2', 'no need')).toBe('removed');
      // And one that only waits for its turn.
      expect(await broker.cancel(queue, 'a4', 'no need')).toBe('removed');
      expect((await broker.jobsOf(queue).erase(['a3'])).removed).toEqual(['a3']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a5');
      await hand.cancel('a5');
      await hand.untilRunning('a6');
      await hand.end('a6', SHREDDED);
      await hand.untilRunning('a7');
      expect(hand.started).toEqual(['a5', 'a6', 'a7']);
      expect((await broker.snapshot(queue)).flow).toMatchObject({ held: 0, parked: 0 });
    },
  ],
  [
    'gives a job that is added twice one place',
    async (bench) => {
      const queue = open(bench);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a1', 'a2', 'a3']);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 3, flow: { held: 2 } });
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a1');
      await addKeyed(bench, queue, 'a1');
      expect(await hand.completeUntil(3)).toEqual(['a1', 'a2', 'a3']);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 0, flow: { held: 0 } });
    },
  ],
  [
    'orders nothing without a key, nor where the queue has no gate for it',
    async (bench) => {
      const without = bench.open({ flow: ORDERED });
      await bench.add(without, { options: { jobId: 'one' } });
      await bench.add(without, { options: { jobId: 'two' } });
      const hand = await HandWorker.on(bench, without);
      await hand.untilRunning('one', 'two');
      expect((await bench.broker.snapshot(without)).flow).toMatchObject({ held: 0, holding: 0 });
    },
  ],
  [
    'runs all of many keys, each in its order, while some of them fail',
    async (bench) => {
      const queue = open(bench);
      const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
      const requests = Array.from({ length: 300 }, (_, n) => {
        const key = keys[n % keys.length] as string;
        return { name: 'job', data: {}, options: { jobId: `${key}-${n}`, mq: { key } } };
      });
      await bench.addAll(queue, requests);
      const ended: string[] = [];
      const now = new Set<string>();
      const both: string[] = [];
      await bench.work(
        queue,
        async (taken) => {
          const id = String(taken.job.id);
          const key = id.split('-')[0] as string;
          if (now.has(key)) both.push(id);
          now.add(key);
          await new Promise((resolve) => setImmediate(resolve));
          now.delete(key);
          const n = Number(id.split('-')[1]);
          if (n % 3 === 0 && taken.job.attemptsMade === 0) return failed(taken, n % 2 === 0 ? 0 : 20);
          ended.push(id);
          return completed();
        },
        7,
      );
      await bench.untilState(queue, requests[299]?.options.jobId as string, 'completed');
      await bench.untilState(queue, requests[279]?.options.jobId as string, 'completed');
      await Promise.all(
        requests.slice(-20).map(({ options }) => bench.untilState(queue, options.jobId, 'completed')),
      );
      expect(both).toEqual([]);
      for (const key of keys) {
        const ofKey = (id: string): boolean => id.startsWith(`${key}-`);
        expect(ended.filter(ofKey)).toEqual(requests.map(({ options }) => options.jobId).filter(ofKey));
      }
    },
  ],
];
