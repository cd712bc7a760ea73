import type { Job, Queue } from 'bull';
import type { AddOutcome, BulkAddOutcome } from '../../../src/message-queue/broker/broker.js';
import type { ScheduleLook } from '../../../src/message-queue/broker/rules/schedules/schedule-care.js';
import type { ManagedJobOptions } from '../../../src/message-queue/jobs/managed-job.js';
import { clockPasses } from '../../support/clock-passes.js';
import { waitUntil } from '../../support/wait-until.js';
import { completed, failed } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

const HOUR_MS = 3_600_000;
const HOURLY = { repeat: { every: HOUR_MS } };
const OFTEN = { minRepeatMs: 50 };

function addSchedule(
  { broker }: BrokerBench,
  queue: Queue,
  options: ManagedJobOptions,
  data: object = { n: 1 },
): Promise<AddOutcome> {
  return broker.addOnce(queue, { name: 'job', data, options });
}

async function theOne({ broker }: BrokerBench, queue: Queue): Promise<ScheduleLook> {
  const looks = await broker.schedulesOf(queue).look();
  expect(looks).toHaveLength(1);
  return looks[0] as ScheduleLook;
}

/** Waits for the pending run, which there is one of. */
async function pending(queue: Queue): Promise<Job> {
  await waitUntil(async () => (await queue.getDelayedCount()) === 1, 'one pending run');
  return (await queue.getDelayed())[0] as Job;
}

/** Whatever removes the pending run of a schedule. */
const REMOVALS: readonly (readonly [
  what: string,
  remove: (bench: BrokerBench, job: Job) => Promise<unknown>,
])[] = [
  ['job.remove()', (_bench, job) => job.remove()],
  ['clean', (_bench, { queue }) => queue.clean(0, 'delayed')],
  ['empty', (_bench, { queue }) => queue.empty()],
  ['removeJobs', (_bench, { queue }) => queue.removeJobs('repeat:*')],
  ['a purge', ({ broker }, { queue }) => broker.purge(queue)],
];

/** The life of a schedule. */
export const scheduleCases: readonly BrokerCase[] = [
  [
    'tell whether an add made a schedule, changed it, or found it as it is',
    async (bench) => {
      const queue = bench.open();
      const first = await addSchedule(bench, queue, HOURLY);
      expect(first).toMatchObject({ schedule: 'created', deduplicated: false });
      expect(await addSchedule(bench, queue, HOURLY)).toEqual({
        ...first,
        schedule: 'unchanged',
        deduplicated: true,
      });
      const changed = await addSchedule(bench, queue, HOURLY, { n: 2 });
      expect(changed).toEqual({ ...first, schedule: 'updated' });
      expect(await queue.getDelayedCount()).toBe(1);
      expect((await pending(queue)).data).toEqual({ n: 2 });
      const limited = { repeat: { every: HOUR_MS, limit: 3 }, priority: 1, attempts: 7 };
      expect(await addSchedule(bench, queue, limited, { n: 2 })).toMatchObject({ schedule: 'updated' });
      expect((await pending(queue)).opts).toMatchObject({ priority: 1, attempts: 7, repeat: { limit: 3 } });
    },
  ],
  [
    'tell the same of each schedule in a bulk add',
    async (bench) => {
      const queue = bench.open();
      const adds: [object, ManagedJobOptions][] = [
        [{ n: 1 }, HOURLY],
        [{ n: 2 }, { repeat: { every: 2 * HOUR_MS } }],
        [{ n: 3 }, {}],
      ];
      const addAll = (): Promise<readonly BulkAddOutcome[]> =>
        bench.broker.addMany(
          queue,
          adds.map(([data, options]) => ({ name: 'job', data, options })),
        );
      const told = (outcomes: readonly BulkAddOutcome[]): unknown[] =>
        outcomes.map((one) => [one.outcome, 'schedule' in one ? one.schedule : undefined]);
      expect(told(await addAll())).toEqual([
        ['added', 'created'],
        ['added', 'created'],
        ['added', undefined],
      ]);
      adds[1] = [{ n: 4 }, adds[1]?.[1] ?? {}];
      expect(told(await addAll())).toEqual([
        ['deduplicated', 'unchanged'],
        ['added', 'updated'],
        ['added', undefined],
      ]);
    },
  ],
  [
    'give each run what the schedule was added with',
    async (bench) => {
      const queue = bench.open(OFTEN);
      const seen: ManagedJobOptions[] = [];
      const mq = { correlationId: 'c', timeoutMs: 900 };
      await addSchedule(bench, queue, { repeat: { every: 60 }, priority: 2, attempts: 4, mq });
      await bench.work(queue, ({ job }) => {
        seen.push(job.opts);
        return completed();
      });
      await waitUntil(() => seen.length >= 2, 'two runs');
      for (const options of seen) expect(options).toMatchObject({ priority: 2, attempts: 4, mq });
    },
  ],
  [
    'begin at the start date, an interval counted from it',
    async (bench) => {
      const queue = bench.open();
      const startDate = new Date(Date.now() + 7 * HOUR_MS + 123);
      await addSchedule(bench, queue, { repeat: { every: HOUR_MS, startDate } });
      expect((await theOne(bench, queue)).schedule.nextAt).toBe(startDate.getTime());
      const at = Math.ceil(Date.now() / HOUR_MS + 5) * HOUR_MS;
      const cron = { cron: '0 * * * *', tz: 'UTC', startDate: at };
      await queue.removeRepeatable('job', { every: HOUR_MS });
      await addSchedule(bench, queue, { repeat: cron });
      expect((await theOne(bench, queue)).schedule.nextAt).toBe(at);
    },
  ],
  [
    'run as often as the limit says, however often it is added',
    async (bench) => {
      const queue = bench.open(OFTEN);
      const limited = { repeat: { every: 60, limit: 3 } };
      const { runs } = await bench.work(queue);
      await addSchedule(bench, queue, limited);
      await waitUntil(() => runs.length >= 1, 'a run');
      await addSchedule(bench, queue, limited, { n: 2 });
      const ended = async (): Promise<boolean> =>
        (await theOne(bench, queue)).schedule.record?.ended?.why === 'limit';
      await waitUntil(ended, 'the end of the schedule');
      expect(await addSchedule(bench, queue, limited, { n: 2 })).toMatchObject({
        schedule: 'unchanged',
        id: (await theOne(bench, queue)).schedule.record?.last?.jobId,
      });
      await waitUntil(() => runs.length === 3, 'three runs');
      await bench.anotherRuns();
      expect([runs.length, await queue.getRepeatableCount(), await queue.getDelayedCount()]).toEqual([
        3, 0, 0,
      ]);
      const more = { repeat: { every: 60, limit: 5 } };
      expect(await addSchedule(bench, queue, more, { n: 2 })).toMatchObject({ schedule: 'updated' });
      await waitUntil(() => runs.length === 5, 'two more runs');
    },
  ],
  [
    'have no run after the end date',
    async (bench) => {
      const queue = bench.open(OFTEN);
      const endDate = Date.now() + 500;
      const { runs } = await bench.work(queue);
      await addSchedule(bench, queue, { repeat: { every: 120, endDate } });
      const ended = async (): Promise<boolean> =>
        (await theOne(bench, queue)).schedule.record?.ended?.why === 'endDate';
      await waitUntil(ended, 'the end of the schedule');
      const dueAt = runs.map((id) => Number(id.split(':')[2]));
      expect(dueAt.length).toBeGreaterThan(0);
      expect(Math.max(...dueAt)).toBeLessThanOrEqual(endDate);
      expect(await queue.getRepeatableCount()).toBe(0);
    },
  ],
  ...REMOVALS.map(([what, remove]): BrokerCase => [
    `outlive their pending run when it goes by ${what}`,
    async (bench) => {
      const queue = bench.open();
      const { id } = await addSchedule(bench, queue, HOURLY);
      await bench.broker.addOnce(queue, {
        name: 'job',
        data: {},
        options: { delay: HOUR_MS, jobId: 'other' },
      });
      // A clean takes what is older than this millisecond.
      await clockPasses(2);
      await remove(bench, (await queue.getJob(id)) as Job);
      await waitUntil(async () => (await queue.getJob(id)) !== null, 'the run to be planned again');
      expect(await theOne(bench, queue)).toMatchObject({ run: 'delayed' });
      expect(await queue.getRepeatableCount()).toBe(1);
    },
  ]),
  [
    'leave out a run that was cancelled',
    async (bench) => {
      const queue = bench.open();
      const { id } = await addSchedule(bench, queue, HOURLY);
      const { nextAt } = (await theOne(bench, queue)).schedule;
      expect(await bench.broker.cancel(queue, id, 'not this time')).toBe('removed');
      await pending(queue);
      const after = await theOne(bench, queue);
      expect(after).toMatchObject({ run: 'delayed', schedule: { nextAt: (nextAt ?? 0) + HOUR_MS } });
      expect(await (await queue.getJob(id))?.getState()).toBe('failed');
    },
  ],
  [
    'end with the queue that is obliterated, and when they are removed as in Bull',
    async (bench) => {
      const queue = bench.open();
      await addSchedule(bench, queue, HOURLY);
      await queue.obliterate();
      expect(await bench.broker.schedulesOf(queue).look()).toEqual([]);
      await queue.resume();
      expect(await addSchedule(bench, queue, HOURLY)).toMatchObject({ schedule: 'created' });
      const [entry] = await queue.getRepeatableJobs();
      await queue.removeRepeatableByKey(entry?.key ?? '');
      expect(await bench.broker.schedulesOf(queue).look()).toEqual([]);
      expect(await queue.getDelayedCount()).toBe(0);
    },
  ],
  [
    'wait while they are paused, over further adds too, and go on at their time',
    async (bench) => {
      const queue = bench.open();
      await addSchedule(bench, queue, HOURLY);
      const { key, nextAt } = (await theOne(bench, queue)).schedule;
      expect(await bench.broker.schedulesOf(queue).change(key, 'pause')).toBe(true);
      expect([await queue.getRepeatableCount(), await queue.getDelayedCount()]).toEqual([0, 0]);
      expect(await addSchedule(bench, queue, HOURLY)).toMatchObject({ schedule: 'unchanged' });
      expect(await addSchedule(bench, queue, HOURLY, { n: 2 })).toMatchObject({ schedule: 'updated' });
      expect(await bench.broker.schedulesOf(queue).keep()).toEqual({ revived: [], dead: [] });
      expect((await theOne(bench, queue)).schedule).toMatchObject({
        nextAt: null,
        record: { pausedAt: expect.any(Number) as number },
      });
      await bench.broker.schedulesOf(queue).change(key, 'resume');
      expect((await theOne(bench, queue)).schedule.nextAt).toBe(nextAt);
      expect((await pending(queue)).data).toEqual({ n: 2 });
      expect(await bench.broker.schedulesOf(queue).change('unknown', 'pause')).toBe(false);
    },
  ],
  [
    'count a run once, however often it is tried',
    async (bench) => {
      const queue = bench.open(OFTEN);
      await addSchedule(bench, queue, { repeat: { every: 60 }, attempts: 3, jobId: 'mine' });
      const { runs } = await bench.work(queue, (taken) =>
        taken.job.attemptsMade === 0 ? failed(taken, 1) : completed(),
      );
      await waitUntil(() => runs.length >= 4, 'two runs with their retries');
      const { record } = (await theOne(bench, queue)).schedule;
      expect(record?.runs).toBeGreaterThanOrEqual(2);
      expect(record?.runs).toBeLessThanOrEqual(new Set(runs).size + 1);
    },
  ],
];
