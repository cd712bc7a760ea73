import type { Queue } from 'bull';
import type { AddRequest, QueueWorker } from '../../../src/message-queue/broker/broker.js';
import type { ErasedJobs } from '../../../src/message-queue/broker/jobs-of-queue.js';
import { JOB_ENDED } from '../../../src/message-queue/broker/rules/events/local-events.js';
import type { JobEnd } from '../../../src/message-queue/jobs/events/job-end.js';
import type { ManagedJobOptions } from '../../../src/message-queue/jobs/managed-job.js';
import { SHREDDED } from '../../../src/message-queue/jobs/settlement.js';
import { waitUntil } from '../../support/wait-until.js';
import { aborted, completed, failed } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

const TARGET = '"c-1"';
const HOUR_MS = 3_600_000;
const LATER = { delay: HOUR_MS };
const HOURLY = { repeat: { every: HOUR_MS } };

/** Adds a job whose payload names a conversation. */
function add(
  bench: BrokerBench,
  queue: Queue,
  about: string,
  options: ManagedJobOptions = {},
): Promise<string> {
  return bench.add(queue, { data: { about }, options });
}

/** Ids of the jobs that hold a text, each once. */
async function idsHolding({ broker }: BrokerBench, queue: Queue, ...texts: string[]): Promise<string[]> {
  const ids = new Set<string>();
  for await (const page of broker.jobsOf(queue).holding(texts)) for (const { id } of page) ids.add(id);
  return [...ids].sort();
}

async function eraseAll(bench: BrokerBench, queue: Queue): Promise<ErasedJobs> {
  return bench.broker.jobsOf(queue).erase(await idsHolding(bench, queue, TARGET));
}

function endsOf(queue: Queue): JobEnd[] {
  const ends: JobEnd[] = [];
  queue.on(JOB_ENDED as never, (end: JobEnd) => void ends.push(end));
  return ends;
}

/** Fails jobs named `other`, lets the run of those with `wait` go on until it is told to stop, and completes the rest. */
async function workOn(bench: BrokerBench, queue: Queue, concurrency = 1): Promise<QueueWorker> {
  const { worker } = await bench.work(
    queue,
    async (taken) => {
      if (taken.job.name === 'other') return failed(taken);
      if ((taken.job.data as { wait?: boolean }).wait !== true) return completed();
      await aborted(taken);
      return SHREDDED;
    },
    concurrency,
  );
  return worker;
}

/** What is known of a queue: the counts that a host sees. */
async function countsOf({ broker }: BrokerBench, queue: Queue): Promise<object> {
  const { waiting, paused, delayed, active, completed: done, failed: dead } = await broker.snapshot(queue);
  return { waiting, paused, delayed, active, done, dead };
}

const NOTHING = { waiting: 0, paused: 0, delayed: 0, active: 0, done: 0, dead: 0 };

/** Jobs that are to leave no trace: found by what their payloads say, and removed in whatever state. */
export const erasingCases: readonly BrokerCase[] = [
  [
    'finds and removes jobs in every state, and none but these',
    async (bench) => {
      const queue = bench.open();
      const ended = async (about: string): Promise<string[]> => {
        const done = await add(bench, queue, about);
        const dead = await bench.add(queue, { name: 'other', data: { about } });
        const worker = await workOn(bench, queue);
        await bench.untilState(queue, done, 'completed');
        await bench.untilState(queue, dead, 'failed');
        await worker.stopFetching();
        return [done, dead];
      };
      const pending = async (about: string): Promise<string[]> => {
        const levels = [1, 3, 6, 10].map((priority) => ({ priority }));
        const places: ManagedJobOptions[] = [LATER, ...levels, {}, { lifo: true }];
        return Promise.all(places.map((options) => add(bench, queue, about, options)));
      };
      const all = [await ended('c-1'), await ended('c-2'), await pending('c-1'), await pending('c-2')];
      const [ids, others] = [0, 1].map((of) => [...(all[of] ?? []), ...(all[of + 2] ?? [])].sort()) as [
        string[],
        string[],
      ];
      expect(await idsHolding(bench, queue, TARGET)).toEqual(ids);
      expect(await idsHolding(bench, queue, '"c-2"', TARGET)).toEqual([...ids, ...others].sort());
      const erased = await eraseAll(bench, queue);
      expect([[...erased.removed].sort(), erased.running]).toEqual([ids, []]);
      expect(await idsHolding(bench, queue, TARGET)).toEqual([]);
      expect(await idsHolding(bench, queue, '"c-2"')).toEqual(others);
      for (const id of ids) expect(await queue.getJob(id)).toBeNull();
      expect(await countsOf(bench, queue)).toEqual({ ...NOTHING, waiting: 6, delayed: 1, done: 1, dead: 1 });
      expect(await bench.broker.jobsOf(queue).erase([...ids, 'nobody', 'half\ud83d'])).toEqual({
        ...{ removed: [], running: [] },
      });
    },
  ],
  [
    'does so in a paused queue, which then gives out the others in their order',
    async (bench) => {
      const queue = bench.open();
      await queue.pause();
      for (const priority of [6, 1, 3]) {
        for (const about of ['c-1', 'c-2', 'c-1']) {
          await add(bench, queue, about, { priority, jobId: `${about} ${priority} ${await queue.count()}` });
        }
      }
      expect((await eraseAll(bench, queue)).removed).toHaveLength(6);
      expect(await countsOf(bench, queue)).toEqual({ ...NOTHING, paused: 3 });
      const { runs } = await bench.work(queue);
      await queue.resume();
      await waitUntil(() => runs.length === 3, 'the others to run');
      expect(runs).toEqual(['c-2 1 4', 'c-2 3 7', 'c-2 6 1']);
    },
  ],
  [
    'reads more jobs than a page holds, and large ones',
    async (bench) => {
      const queue = bench.open();
      const text = 'x'.repeat(200_000);
      const requests = Array.from({ length: 1_203 }, (_, n): AddRequest => {
        const large = n % 100 === 7;
        return {
          name: 'job',
          data: { about: n % 3 === 0 ? 'c-1' : 'c-2', ...(large && { text }) },
          options: {},
        };
      });
      await bench.addAll(queue, requests);
      expect(await idsHolding(bench, queue, TARGET)).toHaveLength(401);
      expect((await eraseAll(bench, queue)).removed).toHaveLength(401);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ waiting: 802 });
    },
  ],
  [
    'tells the end of those that had not ended, once, with what is stored of them',
    async (bench) => {
      const queue = bench.open();
      const ends = endsOf(queue);
      const done = await add(bench, queue, 'c-1');
      const dead = await bench.add(queue, { name: 'other', data: { about: 'c-1' } });
      const worker = await workOn(bench, queue);
      await bench.untilState(queue, done, 'completed');
      await bench.untilState(queue, dead, 'failed');
      await worker.stopFetching();
      const waiting = await add(bench, queue, 'c-1', { mq: { correlationId: 'k' } });
      const delayed = await add(bench, queue, 'c-1', LATER);
      await eraseAll(bench, queue);
      await bench.broker.jobsOf(queue).erase([waiting, delayed, done, dead]);
      const end = {
        queue: queue.name,
        job: 'job',
        attempt: 1,
        payload: { about: 'c-1' },
        outcome: 'shredded',
      };
      expect(ends).toHaveLength(2);
      expect(ends).toEqual(
        expect.arrayContaining([
          { ...end, jobId: waiting, correlationId: 'k' },
          { ...end, jobId: delayed, correlationId: delayed },
        ]),
      );
    },
  ],
  [
    'aborts the runs of active ones with an ErasedError, and removes them when they have ended',
    async (bench) => {
      const queue = bench.open();
      const reasons: unknown[] = [];
      const { worker } = await bench.work(queue, async (taken) => {
        reasons.push(await aborted(taken));
        return SHREDDED;
      });
      const id = await add(bench, queue, 'c-1');
      await waitUntil(() => worker.active.size === 1, 'the run');
      expect(await idsHolding(bench, queue, TARGET)).toEqual([id]);
      expect(await eraseAll(bench, queue)).toEqual({ removed: [], running: [id] });
      await bench.untilState(queue, id, 'completed');
      expect(reasons).toEqual([expect.objectContaining({ code: 'ERASED', queue: queue.name, jobId: id })]);
      expect((await queue.getJob(id))?.returnvalue).toEqual({ 'mq:ended': 'shredded' });
      expect(await eraseAll(bench, queue)).toEqual({ removed: [id], running: [] });
      expect(await countsOf(bench, queue)).toEqual(NOTHING);
    },
  ],
  [
    'aborts those too that wait in their worker for a handler, and the next run of one that is handed back',
    async (bench) => {
      // A worker takes ahead what starts soon: on a machine that is busy just then, nothing.
      const takesAhead = bench.provider.name === 'redis';
      let rounds = 0;
      while (!(await abortsThoseThatWait(bench)) && takesAhead) expect((rounds += 1)).toBeLessThan(10);
    },
  ],
  [
    'frees idempotency and debounce keys, so that the same add is a new job',
    async (bench) => {
      const queue = bench.open();
      const once: AddRequest = {
        ...{ name: 'job', data: { about: 'c-1' }, options: {} },
        idempotency: { key: 'k', names: ['k'], fingerprint: 'f', ttlMs: 60_000 },
      };
      const debounced = { debounce: { id: 'd', ttl: 60_000 } } as ManagedJobOptions;
      const first = await bench.broker.addOnce(queue, once);
      const second = await add(bench, queue, 'c-1', debounced);
      expect(await add(bench, queue, 'c-1', debounced)).toBe(second);
      expect((await bench.broker.addOnce(queue, once)).id).toBe(first.id);
      await eraseAll(bench, queue);
      const anew = await bench.broker.addOnce(queue, { ...once, data: { about: 'c-2' } });
      expect(anew).toMatchObject({ deduplicated: false });
      expect(anew.id).not.toBe(first.id);
      expect(await add(bench, queue, 'c-2', debounced)).not.toBe(second);
    },
  ],
  [
    'removes a job that was replayed, its logs, and what was written of its failures',
    async (bench) => {
      const queue = bench.open();
      const id = await bench.add(queue, { name: 'other', data: { about: 'c-1' } });
      const worker = await workOn(bench, queue);
      await bench.untilState(queue, id, 'failed');
      await worker.stopFetching();
      await (await queue.getJob(id))?.log('a line');
      await bench.broker.replay(queue, [{ id }], { at: bench.broker.now(), by: 'a test' });
      expect(await eraseAll(bench, queue)).toEqual({ removed: [id], running: [] });
      expect(await queue.getJobLogs(id)).toEqual({ logs: [], count: 0 });
      expect(await countsOf(bench, queue)).toEqual(NOTHING);
      await bench.add(queue, { options: { jobId: id } });
      expect(await queue.getJob(id)).toMatchObject({ data: { n: 1 }, attemptsMade: 0 });
    },
  ],
  [
    'lets a schedule plan a run again that was erased, unless the schedule itself goes',
    async (bench) => {
      const queue = bench.open();
      const schedules = bench.broker.schedulesOf(queue);
      const id = await add(bench, queue, 'c-1', HOURLY);
      expect(await eraseAll(bench, queue)).toEqual({ removed: [id], running: [] });
      await waitUntil(async () => (await queue.getDelayedCount()) === 1, 'the next run');
      for (const { schedule } of await schedules.look()) await schedules.change(schedule.key, 'forget');
      expect(await schedules.look()).toEqual([]);
      expect(await countsOf(bench, queue)).toEqual(NOTHING);
    },
  ],
  [
    'removes a schedule with its planned run when a run of it ends as shredded',
    async (bench) => {
      const queue = bench.open({ minRepeatMs: 50 });
      const { runs } = await bench.work(queue, ({ job }) =>
        (job.data as { about?: string }).about === 'c-1' ? SHREDDED : completed(),
      );
      const id = await add(bench, queue, 'c-1', { repeat: { every: 50 } });
      await add(bench, queue, 'c-2', HOURLY);
      await bench.untilState(queue, id, 'completed');
      const looks = await bench.broker.schedulesOf(queue).look();
      expect(looks.map(({ schedule }) => schedule.record?.data)).toEqual(['{"about":"c-2"}']);
      expect(await queue.getDelayedCount()).toBe(1);
      await bench.anotherRuns();
      expect(runs).toEqual([id]);
    },
  ],
  [
    'keeps a schedule whose payload is another by the time its run ends as shredded',
    async (bench) => {
      const queue = bench.open({ minRepeatMs: 50 });
      const options = { repeat: { every: 200, jobId: 'one' } } as ManagedJobOptions;
      let isChanged = false;
      const { runs } = await bench.work(queue, async ({ job }) => {
        if ((job.data as { about?: string }).about !== 'c-1') return completed();
        if (!isChanged) await add(bench, queue, 'c-2', options);
        isChanged = true;
        return SHREDDED;
      });
      await add(bench, queue, 'c-1', options);
      await waitUntil(() => runs.length >= 2, 'a run after it');
      const [look] = await bench.broker.schedulesOf(queue).look();
      expect(look?.schedule.record?.data).toBe('{"about":"c-2"}');
    },
  ],
];

/**
 * Erases until each of these was found: a worker on a busy machine hands back what it took ahead, and a look may miss what moves meanwhile.
 * @returns those that are marked
 */
async function eraseEach(bench: BrokerBench, queue: Queue, ids: readonly string[]): Promise<string[]> {
  const [removed, running] = [new Set<string>(), new Set<string>()];
  const isFound = (id: string): boolean => removed.has(id) || running.has(id);
  for (let looks = 0; !ids.every(isFound); looks += 1) {
    expect(looks).toBeLessThan(10);
    const erased = await eraseAll(bench, queue);
    for (const id of erased.removed) removed.add(id);
    for (const id of erased.running) running.add(id);
  }
  expect([...removed, ...running].filter((id) => !ids.includes(id))).toEqual([]);
  return [...running].filter((id) => !removed.has(id));
}

/** @returns whether its worker had taken some ahead */
async function abortsThoseThatWait(bench: BrokerBench): Promise<boolean> {
  const queue = bench.open();
  const requestOf = (about: string): AddRequest => ({ name: 'job', data: { about }, options: {} });
  const quick = Array.from({ length: 200 }, () => requestOf('c-2'));
  await bench.addAll(queue, [...quick, requestOf('the last before')]);
  const ids = await bench.addAll(
    queue,
    [1, 2, 3].map(() => requestOf('c-1')),
  );
  let [isHeld, handedBack] = [false, false];
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const ran: string[] = [];
  const { worker } = await bench.work(queue, async (taken) => {
    const { about } = taken.job.data as { about: string };
    isHeld = about === 'the last before';
    if (isHeld) await held;
    if (taken.abortReason === undefined) ran.push(about);
    if (taken.abortReason === undefined || handedBack) return SHREDDED;
    handedBack = true;
    return { kind: 'handed-back' };
  });
  await waitUntil(() => isHeld, 'the last before');
  const running = await eraseEach(bench, queue, ids);
  // In memory, none is taken before a handler is free.
  if (bench.provider.name !== 'redis') expect(running).toEqual([]);
  // One that waited too long by then has been handed back: its next run is aborted.
  const isTold = (id: string): boolean =>
    !worker.active.has(id) || worker.active.get(id)?.abortReason !== undefined;
  await waitUntil(() => running.every(isTold), 'the worker to hear of it');
  letGo();
  for (const id of running) await bench.untilState(queue, id, 'completed');
  expect(ran).not.toContain('c-1');
  expect(handedBack).toBe(running.length > 0);
  expect(await eraseAll(bench, queue)).toEqual({ removed: expect.arrayContaining(running), running: [] });
  expect(await idsHolding(bench, queue, TARGET)).toEqual([]);
  return running.length > 0;
}
