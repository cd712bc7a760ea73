import type { Queue } from 'bull';
import type { JobEnd } from '../../../src/message-queue/jobs/events/job-end.js';
import { JOB_ENDED } from '../../../src/message-queue/broker/rules/events/local-events.js';
import { once } from '../../support/add-requests.js';
import { QUEUE_DEFAULTS } from '../../../src/message-queue/jobs/queue-settings.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';

const KEYED = { flow: { key: {} } };
/** So many milliseconds a job has to start. */
const SHORT_MS = 60;
const LONG_MS = 60_000;
/** Enough for a job to start, on a busy machine too. */
const START_MS = 1_500;

function within(expiresInMs: number, mq: object = {}): { options: { mq: object } } {
  return { options: { mq: { expiresInMs, ...mq } } };
}

/** Hears how jobs of a queue end. */
function endsOf(queue: Queue): JobEnd[] {
  const ends: JobEnd[] = [];
  queue.on(JOB_ENDED, (end: JobEnd) => ends.push(end));
  return ends;
}

/** Keeps the only handler of a queue busy. @returns lets it go */
async function busy(bench: BrokerBench, queue: Queue): Promise<{ runs: string[]; free: () => void }> {
  let free = (): void => undefined;
  const blocker = await bench.add(queue, { name: 'other' });
  const { runs } = await bench.work(queue, async ({ job }) => {
    if (job.name === 'other') await new Promise<void>((resolve) => (free = resolve));
    return completed();
  });
  await waitUntil(() => runs.includes(blocker), 'the handler to be busy');
  return { runs, free: () => free() };
}

const told = (ends: readonly JobEnd[]): string[] => ends.map(({ jobId, outcome }) => `${jobId} ${outcome}`);

/** A job that has not started within its `expiresIn` ends, and one that has never does. */
export const expiryCases: readonly BrokerCase[] = [
  [
    'a job that a paused key holds ends in time: nothing failed, and whoever listens is told',
    async (bench) => {
      const queue = bench.open(KEYED);
      const ends = endsOf(queue);
      const groups = bench.broker.groupsOf(queue);
      await groups.pause({ gate: 'key', id: 'c-42' }, 'abuse report');
      const { runs } = await bench.work(queue);
      const id = await bench.add(queue, {
        data: { n: 7 },
        ...within(500, { key: 'c-42', correlationId: 'x' }),
      });
      const next = await bench.add(queue, { options: { mq: { key: 'c-42' } } });
      await waitUntil(() => ends.length > 0, 'it to expire');
      expect(ends).toEqual([
        {
          ...{ queue: queue.name, job: 'job', jobId: id, attempt: 1, correlationId: 'x' },
          ...{ payload: { n: 7 }, outcome: 'expired' },
        },
      ]);
      expect(await bench.broker.snapshot(queue)).toMatchObject({ expired: 1, failed: 0, waiting: 1 });
      const job = await queue.getJob(id);
      expect(job).toMatchObject({ attemptsMade: 0, data: { n: 7 }, finishedOn: expect.any(Number) });
      await groups.resume({ gate: 'key', id: 'c-42' });
      await bench.untilState(queue, next, 'completed');
      expect(runs).toEqual([next]);
    },
  ],
  [
    'a job is never started late',
    async (bench) => {
      const queue = bench.open();
      const ends = endsOf(queue);
      const late = await bench.add(queue, within(1));
      const inTime = await bench.add(queue, within(LONG_MS));
      const addedAt = bench.broker.now();
      await waitUntil(() => bench.broker.now() > addedAt + 5, 'its time to pass');
      const { runs } = await bench.work(queue);
      await bench.untilState(queue, inTime, 'completed');
      expect(runs).toEqual([inTime]);
      await waitUntil(() => ends.length > 0, 'it to be told');
      expect(told(ends)).toEqual([`${late} expired`]);
    },
  ],
  [
    'a job of a queue that is paused ends in time',
    async (bench) => {
      const queue = bench.open();
      const ends = endsOf(queue);
      await queue.pause();
      const { runs } = await bench.work(queue);
      const id = await bench.add(queue, within(SHORT_MS));
      const other = await bench.add(queue);
      await waitUntil(() => ends.length > 0, 'it to expire');
      expect([told(ends), runs]).toEqual([[`${id} expired`], []]);
      expect(await queue.getJobCounts()).toMatchObject({ paused: 1, completed: 0, failed: 0 });
      expect((await queue.getJobs(['paused'])).map((job) => job.id)).toEqual([other]);
    },
  ],
  [
    'once it has started, a job never expires: its retry runs however late',
    async (bench) => {
      const queue = bench.open();
      const ends = endsOf(queue);
      let startedAt = 0;
      const { runs } = await bench.work(queue, (taken) => {
        if (runs.length === 3) return completed();
        startedAt ||= bench.broker.now();
        if (runs.length === 1) return failed(taken, START_MS + 100);
        return { kind: 'deferred', delayMs: 1, reason: 'later' };
      });
      const id = await bench.add(queue, within(START_MS));
      await bench.untilState(queue, id, 'completed');
      expect(bench.broker.now()).toBeGreaterThanOrEqual(startedAt + START_MS + 100);
      expect([runs, told(ends)]).toEqual([[id, id, id], []]);
    },
  ],
  [
    'a dead letter that is replayed does not expire, nor does one that was cancelled before it ran',
    async (bench) => {
      const queue = bench.open();
      const { broker } = bench;
      const cancelled = await bench.add(queue, within(START_MS));
      await broker.cancel(queue, cancelled, 'no need');
      let isRepaired = false;
      const ends = endsOf(queue);
      const { runs } = await bench.work(queue, (taken) => (isRepaired ? completed() : failed(taken)));
      const dead = await bench.add(queue, within(START_MS));
      const addedAt = broker.now();
      await bench.untilState(queue, dead, 'failed');
      await waitUntil(() => broker.now() > addedAt + START_MS, 'their time to pass');
      isRepaired = true;
      await broker.replay(queue, [{ id: dead }, { id: cancelled }], { at: broker.now(), by: 'ada' });
      for (const id of [dead, cancelled]) await bench.untilState(queue, id, 'completed');
      expect([runs.length, told(ends)]).toEqual([3, []]);
    },
  ],
  [
    'the time counts from when a job is due',
    async (bench) => {
      const queue = bench.open();
      const ends = endsOf(queue);
      await bench.work(queue);
      const delayed = await bench.add(queue, {
        options: { delay: 3 * SHORT_MS, mq: { expiresInMs: LONG_MS } },
      });
      const dueAt = bench.broker.now() + 3 * SHORT_MS;
      const delivered = await bench.add(queue, { ...within(2 * LONG_MS), dueAt });
      const past = await bench.add(queue, { ...within(LONG_MS), dueAt: dueAt - 2 * LONG_MS });
      for (const id of [delayed, delivered, past]) await bench.untilState(queue, id, 'completed');
      expect(ends).toEqual([]);
    },
  ],
  [
    'what expires in a lane lets the next of its key in, and of its tenant',
    async (bench) => {
      const queue = bench.open({ flow: { key: {}, tenant: {} } });
      const ends = endsOf(queue);
      const { runs, free } = await busy(bench, queue);
      const mq = { key: 'a', tenant: 'T' };
      const id = await bench.add(queue, within(SHORT_MS, mq));
      const held = await bench.add(queue, within(SHORT_MS, mq));
      const next = await bench.add(queue, { options: { mq } });
      await waitUntil(() => ends.length === 2, 'both to expire');
      expect(told(ends).sort()).toEqual([`${id} expired`, `${held} expired`].sort());
      expect((await bench.broker.snapshot(queue)).flow.held).toBe(0);
      free();
      await bench.untilState(queue, next, 'completed');
      expect(runs.slice(1)).toEqual([next]);
      const group = await bench.broker.groupsOf(queue).read({ gate: 'tenant', id: 'T' });
      expect(group).toMatchObject({ held: 0, admitted: 0 });
    },
  ],
  [
    'an expired job frees its debounce, and keeps its idempotency key and its id',
    async (bench) => {
      const queue = bench.open();
      const ends = endsOf(queue);
      await queue.pause();
      await bench.work(queue);
      const { options } = within(SHORT_MS);
      const keyed = await bench.add(queue, { ...once('k', 'f', LONG_MS), options });
      const first = await bench.add(queue, { options: { ...options, debounce: { id: 'd' } } });
      await bench.add(queue, { options: { ...options, jobId: 'mine' } });
      await waitUntil(() => ends.length === 3, 'them to expire');
      expect(await bench.add(queue, once('k', 'f', LONG_MS))).toBe(keyed);
      expect(await bench.add(queue, { options: { debounce: { id: 'd' } } })).not.toBe(first);
      const again = { name: 'job', data: {}, options: { jobId: 'mine' } };
      expect(await bench.broker.addOnce(queue, again)).toEqual({ id: 'mine', deduplicated: true });
    },
  ],
  [
    'an expired job is in none of Bull’s states; it can be read, found, removed and erased, but not cancelled',
    async (bench) => {
      const queue = bench.open();
      const { broker } = bench;
      const ends = endsOf(queue);
      await queue.pause();
      await bench.work(queue);
      const [id, other] = await bench.addAll(queue, [
        { name: 'job', data: { text: 'needle' }, ...within(SHORT_MS) },
        { name: 'job', data: {}, ...within(SHORT_MS) },
      ]);
      const job = await queue.getJob(id as string);
      const waiter = job?.finished();
      await expect(waiter).rejects.toThrow('expired');
      await waitUntil(() => ends.length === 2, 'both to expire');
      expect(await job?.getState()).toBe('stuck');
      expect(Object.values(await queue.getJobCounts())).toEqual([0, 0, 0, 0, 0, 0]);
      expect(await broker.cancel(queue, id as string, 'too late')).toBe('finished');
      const found: string[] = [];
      for await (const page of broker.jobsOf(queue).holding(['needle']))
        found.push(...page.map((one) => one.id));
      expect(found).toEqual([id]);
      expect(await broker.jobsOf(queue).erase([id as string])).toEqual({ removed: [id], running: [] });
      await (await queue.getJob(other as string))?.remove();
      expect([await queue.getJob(id as string), await queue.getJob(other as string)]).toEqual([null, null]);
      expect(told(ends)).toHaveLength(2);
    },
  ],
  [
    'expired jobs are kept like completed ones',
    async (bench) => {
      const retention = { ...QUEUE_DEFAULTS.retention, completedCount: 2, completedAgeMs: 500 };
      const queue = bench.open({ retention });
      const ends = endsOf(queue);
      await queue.pause();
      await bench.work(queue);
      const ids: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        ids.push(await bench.add(queue, { options: { jobId: name, mq: { expiresInMs: 1 } } }));
        await waitUntil(() => ends.length === ids.length, 'it to expire');
      }
      const kept = async (): Promise<unknown[]> =>
        (await Promise.all(ids.map((id) => queue.getJob(id)))).map((job) => job?.id);
      await waitUntil(async () => (await kept())[0] === undefined, 'the first to go');
      expect((await kept()).slice(1)).toEqual(['b', 'c']);
      await waitUntil(async () => {
        await bench.broker.sweepFailed(queue, 100);
        return (await kept()).every((id) => id === undefined);
      }, 'the old ones to go');
    },
  ],
  [
    'the run of a schedule that expires is followed by the next one',
    async (bench) => {
      const queue = bench.open({ minRepeatMs: 50 });
      const ends = endsOf(queue);
      const { runs, free } = await busy(bench, queue);
      await bench.broker.addOnce(queue, {
        ...{ name: 'job', data: {} },
        options: { repeat: { every: 100 }, mq: { expiresInMs: 20 } },
      });
      await waitUntil(() => ends.length >= 2, 'two runs to expire');
      free();
      await waitUntil(() => runs.length >= 2, 'a run');
      expect(new Set(told(ends)).size).toBe(ends.length);
    },
  ],
];
