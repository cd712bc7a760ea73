import type { Queue } from 'bull';
import type { TenantPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { rejectionOf } from './broker-bench.js';
import { addKeyed, addTenants, grouped, HandWorker } from './hand-worker.js';

const HOUR_MS = 3_600_000;

function open(bench: BrokerBench, tenant: TenantPolicy = {}): Queue {
  return bench.open({ flow: { key: {}, tenant } });
}

/** Completes one run after the other until so many started. @returns those */
async function starts(hand: HandWorker, count: number): Promise<string[]> {
  while (hand.started.length < count) {
    await waitUntil(() => hand.running.length > 0, 'the next run');
    await hand.end(hand.running[0] as string);
  }
  return hand.started.slice(0, count);
}

const shareOf = (ids: readonly string[], tenant: string): number =>
  ids.filter((id) => id.startsWith(tenant)).length;

/** Jobs of tenants: nobody of one waits long for those of another. */
export const flowTenantCases: readonly BrokerCase[] = [
  [
    'lets the single job of one tenant start next but one behind a thousand of another',
    async (bench) => {
      const queue = open(bench);
      await addTenants(bench, queue, 'A', 1_000);
      await addTenants(bench, queue, 'B', 1);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 1_001, flow: { held: 999 } });
      const hand = await HandWorker.on(bench, queue, 1);
      expect(await starts(hand, 4)).toEqual(['A0', 'B0', 'A1', 'A2']);
      // And while the thousand are being worked off.
      await bench.add(queue, { options: grouped({ jobId: 'C0', tenant: 'C' }) });
      // A round or two may have been taken for the handler already.
      const before = hand.started.length;
      expect((await starts(hand, before + 4)).slice(before)).toContain('C0');
    },
  ],
  [
    'gives tenants turns by their weights, first in, first out within each',
    async (bench) => {
      const queue = open(bench, { weight: 1, weights: { A: 3 } });
      await addTenants(bench, queue, 'A', 60);
      await addTenants(bench, queue, 'B', 60);
      const hand = await HandWorker.on(bench, queue, 1);
      const order = await starts(hand, 40);
      expect([shareOf(order, 'A'), shareOf(order, 'B')]).toEqual([30, 10]);
      for (const tenant of ['A', 'B']) {
        const own = order.filter((id) => id.startsWith(tenant));
        expect(own).toEqual(own.map((_, n) => `${tenant}${n}`));
      }
    },
  ],
  [
    'shares fairly among a hundred tenants, whoever came first',
    async (bench) => {
      const queue = open(bench);
      const names = Array.from({ length: 100 }, (_, n) => `t${String(n).padStart(2, '0')}-`);
      for (const [n, name] of names.entries()) await addTenants(bench, queue, name, n === 0 ? 50 : 3);
      const { runs } = await bench.work(queue);
      await waitUntil(() => runs.length === 50 + 99 * 3, 'all runs');
      for (const round of [0, 1, 2]) {
        const tenants = runs.slice(round * 100, (round + 1) * 100).map((id) => id.slice(0, 4));
        expect([round, new Set(tenants).size]).toEqual([round, 100]);
      }
    },
  ],
  [
    'lets a tenant that is alone fill every handler',
    async (bench) => {
      const queue = open(bench);
      await addTenants(bench, queue, 'A', 30);
      const hand = await HandWorker.on(bench, queue, 10);
      await waitUntil(() => hand.running.length === 10, 'ten runs');
      for (let n = 0; n < 5; n++) await hand.end(hand.running[0] as string);
      await waitUntil(() => hand.running.length === 10, 'ten runs again');
      const ids = [...hand.started].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
      expect(ids).toEqual(Array.from({ length: 15 }, (_, n) => `A${n}`));
    },
  ],
  [
    'lets a tenant fill handlers that wait for jobs already',
    async (bench) => {
      const queue = open(bench);
      const hand = await HandWorker.on(bench, queue, 6);
      await addTenants(bench, queue, 'A', 4);
      await waitUntil(() => hand.running.length === 4, 'four runs');
      await addTenants(bench, queue, 'B', 1);
      await hand.untilRunning('B0');
      await bench.add(queue, { options: grouped({ jobId: 'A9', tenant: 'A' }) });
      await hand.untilRunning('A9');
    },
  ],
  [
    'runs as many jobs of a tenant as its concurrency says, beside those of others',
    async (bench) => {
      const queue = open(bench, { concurrency: 2 });
      await addTenants(bench, queue, 'A', 5);
      await addTenants(bench, queue, 'B', 1);
      const hand = await HandWorker.on(bench, queue, 8);
      await hand.untilRunning('A0', 'A1', 'B0');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['A0', 'A1', 'B0']);
      await hand.end('A1');
      await hand.untilRunning('A0', 'A2');
      // A run that waits for its retry counts no longer where there are several.
      await hand.fail('A0', HOUR_MS);
      await hand.untilRunning('A2', 'A3');
      await hand.fail('A2');
      await hand.untilRunning('A3', 'A4');
    },
  ],
  [
    'orders the jobs of a tenant by level, and lets no flood of important ones keep another tenant waiting',
    async (bench) => {
      const queue = open(bench);
      await addTenants(bench, queue, 'A', 100, { priority: 1 });
      await bench.add(queue, { options: grouped({ jobId: 'B-low', tenant: 'B', priority: 9 }) });
      await bench.add(queue, { options: grouped({ jobId: 'B-low2', tenant: 'B', priority: 9 }) });
      await bench.add(queue, { options: grouped({ jobId: 'B-top', tenant: 'B', priority: 1 }) });
      await bench.add(queue, { options: grouped({ jobId: 'B-none', tenant: 'B' }) });
      const hand = await HandWorker.on(bench, queue, 1);
      const order = await starts(hand, 8);
      expect(order.filter((id) => id.startsWith('B'))).toEqual(['B-low', 'B-top', 'B-low2', 'B-none']);
      expect(order.filter((id) => id.startsWith('A'))).toEqual(['A0', 'A1', 'A2', 'A3']);
    },
  ],
  [
    'keeps the lanes of jobs without a tenant',
    async (bench) => {
      const queue = open(bench);
      await addTenants(bench, queue, 'A', 3, { priority: 1 });
      await bench.add(queue, { options: { jobId: 'low', priority: 9 } });
      await bench.add(queue, { options: { jobId: 'top', priority: 1 } });
      const hand = await HandWorker.on(bench, queue, 1);
      const order = await starts(hand, 5);
      expect(order.indexOf('top')).toBe(0);
      expect(order.indexOf('low')).toBe(4);
      expect(order.filter((id) => id.startsWith('A'))).toEqual(['A0', 'A1', 'A2']);
    },
  ],
  [
    'counts a tenant with many keys as one turn in the round',
    async (bench) => {
      const queue = open(bench);
      const requests = Array.from({ length: 400 }, (_, n) => ({
        name: 'job',
        data: {},
        options: grouped({ jobId: `A${n}`, key: `k${n % 200}`, tenant: 'A' }),
      }));
      await bench.addAll(queue, requests);
      await bench.add(queue, { options: grouped({ jobId: 'B0', key: 'k-b', tenant: 'B' }) });
      const hand = await HandWorker.on(bench, queue, 1);
      expect(await starts(hand, 3)).toContain('B0');
    },
  ],
  [
    'asks the key first: what waits for its key takes no turn of its tenant',
    async (bench) => {
      const queue = open(bench, { concurrency: 2 });
      for (const id of ['a1', 'a2', 'a3']) await addKeyed(bench, queue, id, { tenant: 'A' });
      for (const id of ['b1', 'c1']) await addKeyed(bench, queue, id, { tenant: 'A' });
      const hand = await HandWorker.on(bench, queue, 6);
      await hand.untilRunning('a1', 'b1');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a1', 'b1']);
      expect((await bench.broker.snapshot(queue)).flow.held).toBe(3);
      await hand.end('a1');
      await hand.untilRunning('b1', 'c1');
      await hand.end('b1');
      await hand.untilRunning('a2', 'c1');
      await hand.end('c1');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a2']);
      await hand.end('a2');
      await hand.untilRunning('a3');
    },
  ],
  [
    'lets a tenant’s other keys go on when one of them stands still',
    async (bench) => {
      const queue = open(bench, { concurrency: 1 });
      for (const id of ['a1', 'a2', 'b1', 'b2']) await addKeyed(bench, queue, id, { tenant: 'A' });
      const hand = await HandWorker.on(bench, queue, 4);
      await hand.untilRunning('a1');
      await hand.fail('a1');
      await hand.untilRunning('b1');
      await hand.end('b1');
      await hand.untilRunning('b2');
      await hand.end('b2');
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ held: 1, parked: 1 });
      await bench.broker.discard(queue, [{ id: 'a1' }]);
      await hand.untilRunning('a2');
    },
  ],
  [
    'puts a retry at the end of its tenant’s line, and what was handed back to the front',
    async (bench) => {
      const queue = open(bench);
      await addTenants(bench, queue, 'A', 4);
      const hand = await HandWorker.on(bench, queue, 1);
      await hand.untilRunning('A0');
      await hand.fail('A0', 0);
      await hand.untilRunning('A1');
      await hand.end('A1', { kind: 'handed-back' });
      await hand.untilRunning('A1');
      expect(await hand.completeUntil(6)).toEqual(['A0', 'A1', 'A1', 'A2', 'A3', 'A0']);
    },
  ],
  [
    'refuses the adds of a tenant of which too many wait, and nobody else’s',
    async (bench) => {
      const queue = open(bench, { maxWaiting: 3 });
      await addTenants(bench, queue, 'A', 2);
      await bench.add(queue, { options: grouped({ jobId: 'later', tenant: 'A', delay: HOUR_MS }) });
      const more = (): Promise<string> => bench.add(queue, { options: grouped({ tenant: 'A' }) });
      const refused = await rejectionOf(more());
      expect(refused).toMatchObject({ code: 'QUEUE_FULL', scope: 'tenant', depth: 3, limit: 3 });
      await addTenants(bench, queue, 'B', 3);
      await bench.add(queue, { options: { jobId: 'none' } });
      const outcomes = await bench.broker.addMany(queue, [
        { name: 'job', data: {}, options: grouped({ tenant: 'A' }) },
        { name: 'job', data: {}, options: grouped({ tenant: 'C' }) },
      ]);
      expect(outcomes).toMatchObject([
        { outcome: 'rejected', error: { code: 'QUEUE_FULL', scope: 'tenant' } },
        { outcome: 'added' },
      ]);
      // What runs waits no longer.
      const hand = await HandWorker.on(bench, queue, 1);
      await starts(hand, 2);
      await more();
    },
  ],
  [
    'lets waiting jobs of one tenant take half of the queue, where nothing else is said',
    async (bench) => {
      const queue = bench.open({ flow: { tenant: {} }, maxWaiting: 8 });
      await addTenants(bench, queue, 'A', 4);
      const refused = await rejectionOf(bench.add(queue, { options: grouped({ tenant: 'A' }) }));
      expect(refused).toMatchObject({ code: 'QUEUE_FULL', scope: 'tenant', limit: 4 });
      await addTenants(bench, queue, 'B', 4);
      const full = await rejectionOf(bench.add(queue, { options: grouped({ tenant: 'C' }) }));
      expect(full).toMatchObject({ code: 'QUEUE_FULL', scope: 'queue', limit: 8 });
    },
  ],
  [
    'lets a tenant’s jobs wait again once others of it are gone, whichever way',
    async (bench) => {
      const queue = open(bench, { maxWaiting: 2 });
      const more = (jobId: string, over = {}): Promise<string> =>
        bench.add(queue, { options: grouped({ jobId, tenant: 'A', ...over }) });
      await more('one');
      await more('two');
      await (await queue.getJob('two'))?.remove();
      await more('three');
      await bench.broker.cancel(queue, 'three', 'no need');
      await more('four', { key: 'k' });
      await bench.broker.jobsOf(queue).erase(['four']);
      await more('five', { delay: HOUR_MS });
      await (await queue.getJob('five'))?.remove();
      await more('six', { key: 'k' });
      expect((await rejectionOf(more('seven'))).code).toBe('QUEUE_FULL');
      await bench.broker.purge(queue);
      await more('eight');
      await more('nine');
      expect((await rejectionOf(more('ten'))).code).toBe('QUEUE_FULL');
    },
  ],
];
