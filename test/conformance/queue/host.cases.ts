import type { Job, Queue } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import { heardAtLeast, idsOf, rejection, stored } from './queue-bench.js';
import type { QueueCase } from './queue-bench.js';

/** Bull's getters take options that its types leave out. */
type Getter = (start: number, end: number, options: { excludeData: boolean }) => Promise<Job[]>;

/** What Bull has although its types leave it out. */
interface Untyped {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly keys: Readonly<Record<string, string>>;
  readonly drained: boolean;
  getJobFromId(id: string, options?: { excludeData: boolean }): Promise<Job>;
}

function untyped(queue: Queue): Untyped {
  return queue as unknown as Untyped;
}

/** What hosts' code reads off a queue, or gives it, beyond what Bull's types say. */
export const hostCases: readonly QueueCase[] = [
  [
    'has every setting, Bull’s defaults where none was given',
    async (bench) => {
      const given = { lockDuration: 4_000, drainDelay: 2, guardInterval: undefined };
      const { settings } = untyped(bench.open({ settings: given }));
      expect(settings).toEqual({
        lockDuration: 4_000,
        lockRenewTime: 2_000,
        stalledInterval: 30_000,
        maxStalledCount: 1,
        guardInterval: 5_000,
        retryProcessDelay: 20,
        drainDelay: 2,
        backoffStrategies: {},
        isSharedChildPool: false,
      });
    },
  ],
  [
    'names its keys',
    async (bench) => {
      const queue = bench.open({ prefix: 'pre' });
      const types = ['wait', 'active', 'delayed', 'completed', 'failed', 'paused', 'repeat', 'meta-paused'];
      const { keys } = untyped(queue);
      expect(types.map((type) => keys[type])).toEqual(types.map((type) => queue.toKey(type)));
    },
  ],
  [
    'can be written as JSON, and so can an object that holds it',
    async (bench) => {
      const queue = await bench.openWith(1);
      expect(JSON.parse(JSON.stringify({ queue }))).toMatchObject({ queue: { name: queue.name } });
    },
  ],
  [
    'says when it hears an event that others send, once per event',
    async (bench) => {
      const queue = bench.open();
      const registered: string[] = [];
      for (const event of ['global:completed', 'waiting', 'global:waiting', 'completed', 'global:failed']) {
        queue.on(`registered:${event}`, () => registered.push(event));
      }
      queue.on('completed', () => undefined);
      queue.on('global:completed', () => undefined);
      await heardAtLeast(registered, 1);
      queue.on('global:completed', () => undefined);
      queue.on('waiting', () => undefined);
      await heardAtLeast(registered, 2);
      queue.on('global:waiting', () => undefined);
      queue.on('global:failed', () => undefined);
      await heardAtLeast(registered, 3);
      expect(registered).toEqual(['global:completed', 'waiting', 'global:failed']);
    },
  ],
  [
    'leaves payloads out where they are not wanted',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3, 4);
      await queue.add({ n: 5 }, { delay: 60_000 });
      await (await bench.take(queue)).moveToCompleted('done', false, true);
      await (await bench.take(queue)).moveToFailed({ message: 'no' });
      await bench.take(queue);
      const getters = ['getWaiting', 'getActive', 'getDelayed', 'getCompleted', 'getFailed'] as const;
      for (const getter of getters) {
        const get = (queue[getter] as Getter).bind(queue);
        const [[bare], [full]] = [
          await get(0, -1, { excludeData: true }),
          await get(0, -1, { excludeData: false }),
        ];
        expect([getter, bare?.data, bare?.id]).toEqual([getter, {}, full?.id]);
        expect(full?.data).toEqual({ n: Number(full?.id) });
        expect(bare?.toJSON()).toMatchObject({ data: {}, opts: { attempts: 1 }, timestamp: full?.timestamp });
      }
      const [completed] = await (queue.getCompleted as Getter)(0, -1, { excludeData: true });
      expect(completed?.returnvalue).toBe('done');
      expect((await untyped(queue).getJobFromId('4', { excludeData: true })).data).toEqual({});
    },
  ],
  [
    'gives metrics as text, minute by minute',
    async (bench) => {
      const queue = bench.open({ metrics: { maxDataPoints: 10 } });
      for (let n = 0; n < 3; n++) await queue.add({ n });
      const jobs = [await bench.take(queue), await bench.take(queue), await bench.take(queue)];
      const now = Date.now();
      const clock = jest.spyOn(Date, 'now');
      try {
        for (const [index, job] of jobs.entries()) {
          clock.mockReturnValue(now + index * 60_000);
          await job.moveToCompleted(undefined, false, true);
        }
      } finally {
        clock.mockRestore();
      }
      const { data, count } = await queue.getMetrics('completed');
      expect([data, count]).toEqual([['1', '1'], 2]);
      expect((await queue.getMetrics('completed', 0, 0)).data).toEqual(['1']);
    },
  ],
  [
    'ends the wait of who takes jobs by hand when it is paused here',
    async (bench) => {
      const queue = bench.open({ settings: { drainDelay: 30 } });
      const waiting = queue.getNextJob();
      await bench.anotherRuns();
      await queue.pause(true);
      await queue.add({});
      expect(await waiting).toBeUndefined();
      expect(await queue.getWaitingCount()).toBe(1);
    },
  ],
  [
    'knows whether it has drained',
    async (bench) => {
      const queue = await bench.openWith(1);
      expect(untyped(queue).drained).toBe(true);
      await bench.take(queue);
      expect(untyped(queue).drained).toBe(false);
      await queue.getNextJob();
      expect(untyped(queue).drained).toBe(true);
    },
  ],
  [
    'counts only the states that it knows',
    async (bench) => {
      const queue = await bench.openWith(1, 2);
      const counts = queue.getJobCounts.bind(queue) as unknown as (...types: string[]) => Promise<object>;
      expect(await counts('waiting', 'delayed')).toEqual({ waiting: 2, delayed: 0 });
      expect(await counts('bogus')).toEqual({});
    },
  ],
  [
    'takes anything truthy for ascending',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3);
      expect(idsOf(await queue.getJobs(['waiting'], 0, -1, 1 as unknown as boolean))).toEqual([
        '1',
        '2',
        '3',
      ]);
      expect(idsOf(await queue.getJobs(['waiting'], 0, -1))).toEqual(['3', '2', '1']);
    },
  ],
  [
    'takes options as they come from forms and configuration',
    async (bench) => {
      const queue = bench.open();
      const loose = (options: object): Promise<Job> => queue.add({}, options);
      const numbered = await loose({ jobId: 77, attempts: '3', backoff: null });
      expect([numbered.id, numbered.opts.jobId, numbered.opts.attempts]).toEqual(['77', 77, 3]);
      expect((await stored(numbered)).opts).toMatchObject({ jobId: 77, attempts: 3 });
      const counted = await loose({ jobId: null, timestamp: '1234' });
      expect([counted.id, (await stored(counted)).timestamp]).toEqual(['2', 1234]);
      const dated = await loose({ delay: new Date(60_000) });
      expect([await dated.getState(), (await stored(dated)).opts.delay]).toEqual(['delayed', 60_000]);
    },
  ],
  [
    'logs anything as text',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({});
      for (const row of [5, undefined, null, 'row']) await job.log(row as string);
      expect(await queue.getJobLogs(job.id)).toEqual({ logs: ['5', '', '', 'row'], count: 4 });
    },
  ],
  [
    'refuses a concurrency that is text, and runs nothing at concurrency 0',
    async (bench) => {
      const queue = await bench.openWith(1);
      const handler = (): Promise<void> => Promise.resolve();
      const text = queue.process('text', '2' as unknown as number, handler);
      expect(await rejection(text)).toBe('Cannot set Float as concurrency');
      await queue.process('*', 0, handler);
      await bench.anotherRuns();
      expect(await queue.getWaitingCount()).toBe(1);
    },
  ],
  [
    'refuses a schedule with neither cron nor every, and keeps nothing of it',
    async (bench) => {
      const queue = bench.open();
      const repeat = {} as { cron: string };
      await expect(queue.add({}, { repeat })).rejects.toThrow();
      expect([await queue.getRepeatableCount(), await queue.getDelayedCount()]).toEqual([0, 0]);
    },
  ],
  [
    'removes nothing without a pattern',
    async (bench) => {
      const queue = await bench.openWith(1);
      await queue.removeJobs(undefined as unknown as string);
      await waitUntil(async () => (await queue.count()) === 1, 'the job to stay');
    },
  ],
];
