import type { Queue } from 'bull';
import { nextRepeat } from '../../../src/message-queue/admission/repeat-times.js';
import type { ScheduleRepeat } from '../../../src/message-queue/broker/rules/schedules/schedule-record.js';
import { InvalidJobOptionsError } from '../../../src/message-queue/index.js';
import { waitUntil } from '../../support/wait-until.js';
import { completed, rejectionOf } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Options = Readonly<Record<string, unknown>>;
type Choices = readonly Options[];

const TIMES: Choices = [
  { every: HOUR_MS },
  { cron: '30 5 * * *' },
  { cron: '15 30 5 * * 1-5', tz: 'Asia/Kathmandu' },
];
const startsAt = (now: number): Choices => [
  {},
  { startDate: now - DAY_MS - 77 },
  { startDate: new Date(now + 9 * DAY_MS + 77) },
];
const endsAt = (now: number): Choices => [{}, { endDate: new Date(now + 20 * DAY_MS).toISOString() }];
const LIMITS: Choices = [{}, { limit: 2 }];
const RUN_OPTIONS: Choices = [
  {},
  {
    ...{
      jobId: 'mine',
      priority: 2,
      attempts: 4,
      backoff: { type: 'exponential', delay: 70 },
      removeOnComplete: 5,
      stackTraceLimit: 3,
    },
    mq: { correlationId: 'c', metadata: { a: 1 }, timeoutMs: 900 },
  },
];

/** Every choice with every other. */
function crossed(...lists: readonly Choices[]): Options[] {
  return lists.reduce<Options[]>(
    (made, list) => made.flatMap((one) => list.map((other) => ({ ...one, ...other }))),
    [{}],
  );
}

/** What has no effect on a schedule, or would have another one than it says; what the error names. */
const REFUSED: readonly (readonly [options: Options, path: string])[] = [
  ...['immediately', 'offset', 'count', 'key', 'prevMillis', 'utc', 'pattern', 'strategy'].map(
    (name) => [{ repeat: { every: HOUR_MS, [name]: 1 } }, `repeat.${name}`] as const,
  ),
  [{ repeat: { cron: '0 0 * * *', every: HOUR_MS } }, 'repeat'],
  [{ repeat: { every: HOUR_MS, tz: 'UTC' } }, 'repeat.tz'],
  [{ repeat: { cron: '0 0 * * *', tz: '+02:00' } }, 'repeat.tz'],
  [{ repeat: { cron: '0 0 30 2 *' } }, 'repeat.cron'],
  [{ repeat: { cron: '0 0 * * * * *' } }, 'repeat.cron'],
  [{ repeat: {} }, 'repeat'],
  [{ repeat: { every: 999 } }, 'repeat.every'],
  [{ repeat: { every: HOUR_MS, limit: 0 } }, 'repeat.limit'],
  [{ repeat: { every: HOUR_MS, endDate: 1 } }, 'repeat.endDate'],
  [{ repeat: { every: HOUR_MS, endDate: Date.now() + 1, startDate: Date.now() + DAY_MS } }, 'repeat.endDate'],
  [
    { repeat: { cron: '0 0 1 1 *', endDate: Date.UTC(new Date().getUTCFullYear() + 1, 0, 1) - 2 * DAY_MS } },
    'repeat.endDate',
  ],
  [{ repeat: { every: HOUR_MS, jobId: 'a' }, jobId: 'b' }, 'repeat.jobId'],
  ...Object.entries({ delay: 5, lifo: true, debounce: { id: 'd' }, timestamp: 5, timeout: 5 }).map(
    ([name, value]) => [{ repeat: { every: HOUR_MS }, [name]: value }, name] as const,
  ),
];

function add(
  { broker }: BrokerBench,
  queue: Queue,
  options: Options,
  n = 1,
): ReturnType<typeof broker.addOnce> {
  return broker.addOnce(queue, { name: 'job', data: { n }, options: options });
}

/** Takes a schedule through its life. */
async function live(
  bench: BrokerBench,
  queue: Queue,
  options: Options,
  repeat: ScheduleRepeat,
): Promise<void> {
  const schedules = bench.broker.schedulesOf(queue);
  const theOne = async (): Promise<{ key: string; nextAt: number | null }> => {
    const looks = await schedules.look();
    expect(looks).toHaveLength(1);
    return looks[0]?.schedule ?? { key: '', nextAt: null };
  };
  const now = bench.broker.now();
  expect(await add(bench, queue, options)).toMatchObject({ schedule: 'created', deduplicated: false });
  const { key, nextAt } = await theOne();
  // An hour may have begun in between.
  expect([nextRepeat(repeat, now), nextRepeat(repeat, bench.broker.now())]).toContain(nextAt);
  expect(await add(bench, queue, options)).toMatchObject({ schedule: 'unchanged', deduplicated: true });
  const changed = await add(bench, queue, options, 2);
  expect(changed).toMatchObject({ schedule: 'updated', deduplicated: false });
  const { repeat: _repeat, jobId: _jobId, ...ofRuns } = options;
  const run = await queue.getJob(changed.id);
  expect(run).toMatchObject({ data: { n: 2 }, opts: { ...ofRuns, prevMillis: nextAt } });
  await schedules.change(key, 'pause');
  expect(await queue.getDelayedCount()).toBe(0);
  expect(await add(bench, queue, options, 2)).toMatchObject({ schedule: 'unchanged' });
  await schedules.change(key, 'resume');
  expect([nextAt, nextRepeat(repeat, bench.broker.now())]).toContain((await theOne()).nextAt);
  await queue.removeJobs('*');
  await waitUntil(async () => (await queue.getDelayedCount()) === 1, 'the run to be planned again');
  expect(await schedules.change(key, 'remove')).toBe(true);
  expect([await schedules.look(), await queue.getDelayedCount(), await queue.getRepeatableCount()]).toEqual([
    [],
    0,
    0,
  ]);
}

/** Every option that a schedule takes has its effect, beside every other, or is refused. */
export const scheduleOptionCases: readonly BrokerCase[] = [
  [
    'have their effect beside each other: when made, added again, changed, paused, resumed, planned again and removed',
    async (bench) => {
      const now = bench.broker.now();
      const lives = RUN_OPTIONS.flatMap((others) => {
        return TIMES.map(async (kind) => {
          const queue = bench.open();
          for (const times of crossed([kind], startsAt(now), endsAt(now), LIMITS)) {
            await live(bench, queue, { ...others, repeat: times }, times);
          }
        });
      });
      await Promise.all(lives);
    },
  ],
  [
    'are given to each run, and decide how long it is kept',
    async (bench) => {
      const queue = bench.open({ minRepeatMs: 50 });
      const { jobId: _jobId, ...others } = RUN_OPTIONS[1] ?? {};
      const options = { ...others, removeOnComplete: true };
      const seen: unknown[] = [];
      await bench.work(queue, ({ job }) => {
        seen.push(job.opts);
        return completed();
      });
      await add(bench, queue, { ...options, repeat: { every: 60, limit: 3 } });
      await waitUntil(() => seen.length === 3, 'three runs');
      for (const opts of seen) expect(opts).toMatchObject(options);
      await waitUntil(async () => (await queue.getActiveCount()) === 0, 'the last run to end');
      expect(await queue.getCompletedCount()).toBe(0);
    },
  ],
  [
    'keep no place in a key for the next run, although its jobs that are added with a delay have one',
    async (bench) => {
      const queue = bench.open({ flow: { key: { delays: 'hold' } } });
      const mq = { key: 'a' };
      await add(bench, queue, { repeat: { every: DAY_MS }, mq });
      const { runs } = await bench.work(queue);
      const id = await bench.add(queue, { options: { mq } });
      await bench.untilState(queue, id, 'completed');
      expect(runs).toEqual([id]);
      expect(await queue.getDelayedCount()).toBe(1);
    },
  ],
  [
    'are refused where they would have no effect, and the error names them',
    async (bench) => {
      const queue = bench.open();
      for (const [options, path] of REFUSED) {
        const error = await rejectionOf(add(bench, queue, options));
        expect([path, error]).toEqual([path, expect.any(InvalidJobOptionsError)]);
        expect((error as InvalidJobOptionsError).issues.map((issue) => issue.path)).toContain(path);
      }
      expect(await bench.broker.schedulesOf(queue).look()).toEqual([]);
    },
  ],
];
