import type { Queue } from 'bull';
import type { GroupId, GroupState, GroupStatus } from '../../../src/message-queue/broker/groups-of-queue.js';
import type { FlowPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { waitUntil } from '../../support/wait-until.js';
import { completed, failed } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

const FLOW: FlowPolicy = { key: {}, tenant: { concurrency: 2 } };
const CHAT: GroupId = { gate: 'key', id: 'c-42' };
const ACME: GroupId = { gate: 'tenant', id: 'acme' };

/** Adds jobs of a group, one after the other. @returns their ids */
async function addTo(
  bench: BrokerBench,
  queue: Queue,
  { gate, id }: GroupId,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await bench.add(queue, { options: { mq: { [gate]: id } } }));
  return ids;
}

/** All groups in a state, page by page. */
async function listAll(
  bench: BrokerBench,
  queue: Queue,
  state: GroupState,
  limit = 100,
): Promise<GroupStatus[]> {
  const found: GroupStatus[] = [];
  let cursor: string | null = null;
  do {
    const page = await bench.broker.groupsOf(queue).list({ state, cursor, limit });
    found.push(...page.groups);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

const flowOf = async (bench: BrokerBench, queue: Queue) => (await bench.broker.snapshot(queue)).flow;
const idsOf = (groups: readonly GroupStatus[]): string[] => groups.map(({ gate, id }) => `${gate} ${id}`);

/** Works on a queue whose jobs go on until they are let go. */
async function workSlowly(bench: BrokerBench, queue: Queue, concurrency: number) {
  const letGo = new Map<string, () => void>();
  const { runs } = await bench.work(
    queue,
    ({ job }) => new Promise((resolve) => letGo.set(String(job.id), () => resolve(completed()))),
    concurrency,
  );
  const end = (id: string): void => letGo.get(id)?.();
  return { runs, end };
}

/** Works on a queue in which the job that is named fails for good, until it is run again. */
async function workWithLetter(bench: BrokerBench, queue: Queue, letter: string): Promise<string[]> {
  const tries = new Map<string, number>();
  const settle = (taken: TakenJob) => {
    const id = String(taken.job.id);
    tries.set(id, (tries.get(id) ?? 0) + 1);
    return id === letter && tries.get(id) === 1 ? failed(taken) : completed();
  };
  return (await bench.work(queue, settle)).runs;
}

/** What a host sees of groups, and does to them. */
export const groupCases: readonly BrokerCase[] = [
  [
    'a group says how many jobs it admits and holds, and since when the first of those waits',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const [, second = ''] = await addTo(bench, queue, CHAT, 3);
      await addTo(bench, queue, ACME, 5);
      const groups = bench.broker.groupsOf(queue);
      const oldestHeldAt = (await queue.getJob(second))?.timestamp;
      expect(await groups.read(CHAT)).toEqual({ ...CHAT, admitted: 1, held: 2, oldestHeldAt });
      expect(await groups.read(ACME)).toMatchObject({ ...ACME, admitted: 2, held: 3 });
      const nobody = { gate: 'key', id: 'nobody' } as const;
      expect(await groups.read(nobody)).toEqual({ ...nobody, admitted: 0, held: 0, oldestHeldAt: null });
      expect(idsOf(await listAll(bench, queue, 'holding'))).toEqual(['key c-42', 'tenant acme']);
      expect(await flowOf(bench, queue)).toMatchObject({
        held: 5,
        holding: 2,
        parked: 0,
        paused: 0,
        oldestHeldAt,
      });
    },
  ],
  [
    'groups that hold jobs are listed once each, a page at a time, those first that began first',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const keys = Array.from({ length: 7 }, (_, n) => `c-${n}`);
      for (const id of keys) await addTo(bench, queue, { gate: 'key', id }, 2);
      // Its turn does not change because more of its jobs come.
      await addTo(bench, queue, { gate: 'key', id: 'c-0' }, 1);
      const expected = keys.map((key) => `key ${key}`);
      expect(idsOf(await listAll(bench, queue, 'holding', 3))).toEqual(expected);
      const first = await bench.broker.groupsOf(queue).list({ state: 'holding', cursor: null, limit: 3 });
      expect(idsOf(first.groups)).toEqual(expected.slice(0, 3));
    },
  ],
  [
    'groups that are paused are listed a page at a time, those first that were paused first',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const groups = bench.broker.groupsOf(queue);
      for (let n = 0; n < 5; n++) await groups.pause({ gate: 'key', id: `c-${n}` }, 'wait');
      const first = await groups.list({ state: 'paused', cursor: null, limit: 2 });
      expect(idsOf(first.groups)).toEqual(['key c-0', 'key c-1']);
      const expected = [0, 1, 2, 3, 4].map((n) => `key c-${n}`);
      expect(idsOf(await listAll(bench, queue, 'paused', 2))).toEqual(expected);
    },
  ],
  [
    'nothing is listed of groups whose jobs have ended, and of one without jobs only what was said of it',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      await bench.broker.groupsOf(queue).pause({ gate: 'key', id: 'later' }, 'wait');
      const ids = await addTo(bench, queue, CHAT, 3);
      const { runs } = await bench.work(queue);
      await bench.untilState(queue, ids[2] ?? '', 'completed');
      expect(runs).toEqual(ids);
      for (const state of ['holding', 'parked', 'sleeping'] as const) {
        expect(await listAll(bench, queue, state)).toEqual([]);
      }
      expect(idsOf(await listAll(bench, queue, 'paused'))).toEqual(['key later']);
      expect(await flowOf(bench, queue)).toMatchObject({
        held: 0,
        holding: 0,
        paused: 1,
        oldestHeldAt: null,
      });
      expect(await bench.broker.groupsOf(queue).read(CHAT)).toMatchObject({ admitted: 0, held: 0 });
    },
  ],
  [
    'a key that stands still says for which job and since when, and goes on in its order once that is replayed',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const began = bench.broker.now();
      const ids = await addTo(bench, queue, CHAT, 3);
      const [letter = ''] = ids;
      const runs = await workWithLetter(bench, queue, letter);
      await bench.untilState(queue, letter, 'failed');
      await bench.anotherRuns();
      const status = await bench.broker.groupsOf(queue).read(CHAT);
      expect(status).toMatchObject({ held: 2, parkedBy: { jobId: letter } });
      expect(status.parkedBy?.since).toBeGreaterThanOrEqual(began - 1);
      expect(status.parkedBy?.since).toBeLessThanOrEqual(bench.broker.now() + 1);
      expect(await listAll(bench, queue, 'parked')).toEqual([status]);
      const oldestParked = { key: 'c-42', jobId: letter, since: status.parkedBy?.since };
      expect(await flowOf(bench, queue)).toMatchObject({ parked: 1, oldestParked });
      expect(runs).toEqual([letter]);

      await bench.broker.replay(queue, [{ id: letter }], { at: bench.broker.now(), by: 'ada' });
      await bench.untilState(queue, ids[2] ?? '', 'completed');
      expect(runs).toEqual([letter, ...ids]);
      expect(await bench.broker.groupsOf(queue).read(CHAT)).not.toHaveProperty('parkedBy');
      expect(await flowOf(bench, queue)).toMatchObject({ parked: 0, oldestParked: null });
    },
  ],
  [
    'a key that stands still goes on without its job once that is discarded',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const [letter = '', next = ''] = await addTo(bench, queue, CHAT, 2);
      const runs = await workWithLetter(bench, queue, letter);
      await bench.untilState(queue, letter, 'failed');
      await bench.broker.discard(queue, [{ id: letter }]);
      await bench.untilState(queue, next, 'completed');
      expect(runs).toEqual([letter, next]);
      expect(await listAll(bench, queue, 'parked')).toEqual([]);
    },
  ],
  [
    'of a group that is paused nothing starts, not even what stood in a lane, until it is resumed; what runs goes on',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const groups = bench.broker.groupsOf(queue);
      const began = bench.broker.now();
      const [running = '', ...others] = await addTo(bench, queue, ACME, 3);
      const { runs, end } = await workSlowly(bench, queue, 1);
      await waitUntil(() => runs.length === 1, 'the first to run');
      await groups.pause(ACME, 'abuse report');
      await groups.pause(CHAT, 'not yet there');
      await addTo(bench, queue, CHAT, 1);
      end(running);
      await bench.untilState(queue, running, 'completed');
      await bench.anotherRuns();
      expect(runs).toEqual([running]);
      const status = await groups.read(ACME);
      expect(status.paused?.reason).toBe('abuse report');
      expect(status.paused?.since).toBeGreaterThanOrEqual(began - 1);
      expect(idsOf(await listAll(bench, queue, 'paused')).toSorted()).toEqual(['key c-42', 'tenant acme']);
      expect(await flowOf(bench, queue)).toMatchObject({ paused: 2 });

      await groups.pause(ACME, 'another reason');
      expect((await groups.read(ACME)).paused).toEqual({
        reason: 'another reason',
        since: status.paused?.since,
      });
      expect([await groups.resume(ACME), await groups.resume(ACME)]).toEqual([true, false]);
      for (const id of others) {
        await waitUntil(() => runs.includes(id), 'the next to run');
        end(id);
      }
      expect(runs).toEqual([running, ...others]);
      expect(await groups.read(ACME)).not.toHaveProperty('paused');
    },
  ],
  [
    'slots that are set by hand count at once and until they are taken back',
    async (bench) => {
      const queue = bench.open({ flow: FLOW });
      const groups = bench.broker.groupsOf(queue);
      const ids = await addTo(bench, queue, CHAT, 6);
      await groups.setSlots(CHAT, 0);
      const { runs, end } = await workSlowly(bench, queue, 6);
      await bench.anotherRuns();
      expect(runs).toEqual([]);
      expect(await groups.read(CHAT)).toMatchObject({ slots: 0 });

      await groups.setSlots(CHAT, 3);
      await waitUntil(() => runs.length === 3, 'three to run at once');
      expect(runs.toSorted()).toEqual(ids.slice(0, 3).toSorted());
      expect(await groups.read(CHAT)).toMatchObject({ slots: 3, admitted: 3, held: 3 });

      await groups.setSlots(CHAT, null);
      expect(await groups.read(CHAT)).not.toHaveProperty('slots');
      for (const [index, id] of ids.entries()) {
        await waitUntil(() => runs.includes(id), 'the next to run');
        // One at a time from the fourth on.
        expect(runs.length).toBe(Math.max(3, index + 1));
        end(id);
        await bench.untilState(queue, id, 'completed');
      }
    },
  ],
];
