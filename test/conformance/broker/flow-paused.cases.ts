import type { Queue } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { addAllKeyed, addKeyed, addTenants, HandWorker } from './hand-worker.js';

const HOUR_MS = 3_600_000;
const KEY = { gate: 'key', id: 'a' } as const;
const TENANT = { gate: 'tenant', id: 'A' } as const;

function open(bench: BrokerBench): Queue {
  return bench.open({ flow: { key: {}, tenant: {} } });
}

/** Groups that are paused, or have other slots, by hand. */
export const flowPausedCases: readonly BrokerCase[] = [
  [
    'pauses a key that does not exist yet, and shows it',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      const before = bench.broker.now();
      await groups.pause(KEY, 'abuse report');
      const status = await groups.read(KEY);
      expect(status).toMatchObject({ ...KEY, held: 0, paused: { reason: 'abuse report' } });
      expect(status.paused?.since).toBeGreaterThanOrEqual(before - 1);
      expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ paused: 1, held: 0 });
      await addAllKeyed(bench, queue, ['a1', 'b1', 'a2']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('b1');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['b1']);
      expect(await bench.broker.snapshot(queue)).toMatchObject({
        waiting: 2,
        flow: { held: 2, holding: 1, paused: 1 },
      });
      expect(await groups.resume(KEY)).toBe(true);
      expect(await hand.completeUntil(3)).toEqual(['b1', 'a1', 'a2']);
      expect((await bench.broker.snapshot(queue)).flow).toMatchObject({ paused: 0, held: 0 });
    },
  ],
  [
    'holds what stands in a lane already, and resumes in order',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'b1', 'a3']);
      await groups.pause(KEY, 'why');
      const hand = await HandWorker.on(bench, queue, 4);
      await hand.untilRunning('b1');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['b1']);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 3, active: 1, flow: { held: 3 } });
      await addKeyed(bench, queue, 'a4');
      await groups.resume(KEY);
      expect(await hand.completeUntil(5)).toEqual(['b1', 'a1', 'a2', 'a3', 'a4']);
    },
  ],
  [
    'lets runs go on, and starts none after them',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      await addAllKeyed(bench, queue, ['a1', 'a2']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a1');
      await groups.pause(KEY, 'why');
      expect(await hand.end('a1')).toBe(true);
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      await groups.resume(KEY);
      await hand.untilRunning('a2');
    },
  ],
  [
    'keeps the order through a pause in backoff: the retry comes first again',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      await addAllKeyed(bench, queue, ['a1', 'a2']);
      const hand = await HandWorker.on(bench, queue);
      await hand.untilRunning('a1');
      await hand.fail('a1', HOUR_MS);
      await groups.pause(KEY, 'why');
      await (await queue.getJob('a1'))?.promote();
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      expect(await (await queue.getJob('a1'))?.getState()).toBe('waiting');
      await groups.resume(KEY);
      expect(await hand.completeUntil(3)).toEqual(['a1', 'a1', 'a2']);
    },
  ],
  [
    'changes the reason of a pause, keeps its beginning, and tells whether there was one to end',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      expect(await groups.resume(KEY)).toBe(false);
      await groups.pause(KEY, 'first');
      await groups.pause(KEY, 'second');
      await groups.pause(TENANT, 'third');
      expect((await groups.read(KEY)).paused?.reason).toBe('second');
      expect((await bench.broker.snapshot(queue)).flow.paused).toBe(2);
      const { groups: listed } = await groups.list({ state: 'paused', cursor: null, limit: 10 });
      expect(listed.map(({ gate, id, paused }) => `${gate} ${id} ${paused?.reason}`).toSorted()).toEqual([
        'key a second',
        'tenant A third',
      ]);
      expect([await groups.resume(KEY), await groups.resume(KEY)]).toEqual([true, false]);
      expect((await groups.read(KEY)).paused).toBeUndefined();
      expect((await bench.broker.snapshot(queue)).flow.paused).toBe(1);
    },
  ],
  [
    'pauses a tenant: what waits of it, also behind keys; others go on',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      await addTenants(bench, queue, 'A', 3);
      await addKeyed(bench, queue, 'a1', { tenant: 'A' });
      await addKeyed(bench, queue, 'b1', { tenant: 'B' });
      await groups.pause(TENANT, 'unpaid');
      const hand = await HandWorker.on(bench, queue, 6);
      await hand.untilRunning('b1');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['b1']);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 4, flow: { held: 4, paused: 1 } });
      await groups.resume(TENANT);
      await hand.untilRunning('A0', 'A1', 'A2', 'a1', 'b1');
    },
  ],
  [
    'runs as many of a group as is set by hand, until that is taken back',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      await groups.setSlots(KEY, 2);
      expect((await groups.read(KEY)).slots).toBe(2);
      await addAllKeyed(bench, queue, ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'b1', 'b2']);
      const hand = await HandWorker.on(bench, queue, 8);
      await hand.untilRunning('a1', 'a2', 'b1');
      // More at once admits at once.
      await groups.setSlots(KEY, 3);
      await hand.untilRunning('a1', 'a2', 'a3', 'b1');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a1', 'a2', 'a3', 'b1']);
      await groups.setSlots(KEY, null);
      expect((await groups.read(KEY)).slots).toBeUndefined();
      await hand.end('a1');
      await hand.end('a2');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a3', 'b1']);
      await hand.end('a3');
      await hand.untilRunning('a4');
      await hand.end('b1');
      await hand.untilRunning('b2');
      expect(hand.running).toEqual(['a4', 'b2']);
    },
  ],
  [
    'gives a tenant the turns that are set by hand',
    async (bench) => {
      const queue = open(bench);
      await bench.broker.groupsOf(queue).setSlots(TENANT, 3);
      await addTenants(bench, queue, 'A', 40);
      await addTenants(bench, queue, 'B', 40);
      const hand = await HandWorker.on(bench, queue, 1);
      while (hand.started.length < 40) {
        await waitUntil(() => hand.running.length === 1, 'the next run');
        await hand.end(hand.running[0] as string);
      }
      const ofA = hand.started.slice(0, 40).filter((id) => id.startsWith('A')).length;
      expect(ofA).toBeGreaterThanOrEqual(29);
      expect(ofA).toBeLessThanOrEqual(32);
    },
  ],
  [
    'keeps what was set while the group has no jobs',
    async (bench) => {
      const queue = open(bench);
      const groups = bench.broker.groupsOf(queue);
      await groups.setSlots(KEY, 2);
      await addKeyed(bench, queue, 'a1');
      const hand = await HandWorker.on(bench, queue, 4);
      await hand.untilRunning('a1');
      await hand.end('a1');
      await groups.pause(KEY, 'why');
      await addAllKeyed(bench, queue, ['a2', 'a3', 'a4']);
      await bench.anotherRuns();
      expect(hand.running).toEqual([]);
      await groups.resume(KEY);
      await hand.untilRunning('a2', 'a3');
      await bench.anotherRuns();
      expect(hand.running).toEqual(['a2', 'a3']);
      expect(await groups.read(KEY)).toMatchObject({ slots: 2, held: 1, admitted: 2 });
    },
  ],
];
