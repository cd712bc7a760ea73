import { waitUntil } from '../../support/wait-until.js';
import type { QueueCase } from './queue-bench.js';
import { idsOf, rejection, stored } from './queue-bench.js';
import { clockPasses } from '../../support/clock-passes.js';

/** Delays and repeatable jobs. */
export const schedulingCases: readonly QueueCase[] = [
  [
    'does not run a delayed job before it is due',
    async (bench) => {
      const queue = bench.open();
      const added = Date.now();
      const job = await queue.add({}, { delay: 80 });
      expect([await job.getState(), job.toJSON().delay]).toEqual(['delayed', 80]);
      await bench.runAll(queue, 1);
      const after = await stored(job);
      expect((after.processedOn as number) - added).toBeGreaterThanOrEqual(79);
      expect([after.toJSON().delay, after.opts.delay]).toEqual([0, 80]);
    },
  ],
  [
    'counts a delay from the job’s creation time',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { delay: 60_000, timestamp: Date.now() - 59_950 } as object);
      expect(await job.getState()).toBe('delayed');
      await bench.runAll(queue, 1);
    },
  ],
  [
    'does not delay with 0 or less',
    async (bench) => {
      const queue = bench.open();
      expect(await (await queue.add({}, { delay: 0 })).getState()).toBe('waiting');
      expect(await (await queue.add({}, { delay: -5 })).getState()).toBe('waiting');
    },
  ],
  [
    'promotes a delayed job, and only a delayed one',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { delay: 60_000 });
      await job.promote();
      expect([await job.getState(), (await stored(job)).toJSON().delay]).toEqual(['waiting', 0]);
      expect(await rejection(job.promote())).toBe('Job 1 is not in a delayed state');
    },
  ],
  [
    'leaves delayed jobs alone while nobody works on the queue',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { delay: 10 });
      await clockPasses(30);
      expect(await job.getState()).toBe('delayed');
      await bench.runAll(queue, 1);
    },
  ],
  [
    'adds the next run of a schedule by interval, under Bull’s key and id',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add('tick', { a: 1 }, { repeat: { every: 60_000 }, attempts: 2 });
      const [schedule] = await queue.getRepeatableJobs();
      const next = schedule?.next ?? 0;
      expect(schedule).toEqual({
        key: 'tick:::60000',
        name: 'tick',
        id: null,
        endDate: null,
        tz: null,
        cron: null,
        every: 60_000,
        next,
      });
      expect(next % 60_000).toBe(0);
      expect(next - Date.now()).toBeGreaterThan(-1_000);
      expect(next - Date.now()).toBeLessThanOrEqual(60_000);
      expect(job.id).toMatch(new RegExp(`^repeat:[0-9a-f]{32}:${next}$`));
      expect((await stored(job)).opts).toMatchObject({
        repeat: { every: 60_000, count: 1, key: 'tick:::60000' },
        prevMillis: next,
        attempts: 2,
        jobId: job.id,
      });
      expect([await job.getState(), job.data]).toEqual(['delayed', { a: 1 }]);
    },
  ],
  [
    'gives the same schedule the same id everywhere',
    async (bench) => {
      const queue = bench.open();
      const at = Date.UTC(2030, 0, 1, 2);
      const repeat = { cron: '0 2 * * *', tz: 'UTC', startDate: at - 1 };
      expect((await queue.add('r', {}, { repeat })).id).toBe(`repeat:a099cf8af4840949948c7e17d22ae90f:${at}`);
    },
  ],
  [
    'adds the next run of a cron schedule in its time zone',
    async (bench) => {
      const queue = bench.open();
      const startDate = new Date('2030-06-30T12:00:00Z');
      await queue.add('daily', {}, { repeat: { cron: '30 9 * * *', tz: 'America/New_York', startDate } });
      const [schedule] = await queue.getRepeatableJobs();
      expect(schedule).toMatchObject({
        key: 'daily:::America/New_York:30 9 * * *',
        tz: 'America/New_York',
        cron: '30 9 * * *',
        every: null,
        next: Date.parse('2030-06-30T13:30:00Z'),
      });
    },
  ],
  [
    'keeps one pending run for the same schedule added twice',
    async (bench) => {
      const queue = bench.open();
      const repeat = { cron: '0 0 1 1 *' };
      await queue.add('yearly', { v: 1 }, { repeat });
      await queue.add('yearly', { v: 2 }, { repeat });
      expect([await queue.getRepeatableCount(), await queue.getDelayedCount()]).toEqual([1, 1]);
    },
  ],
  [
    'tells schedules apart by name, job id, end date and rule',
    async (bench) => {
      const queue = bench.open();
      const endDate = Date.UTC(2090, 0, 1);
      await queue.add('a', {}, { repeat: { every: 50_000 } });
      await queue.add('b', {}, { repeat: { every: 50_000 } });
      await queue.add('a', {}, { repeat: { every: 70_000_000 } });
      await queue.add('a', {}, { repeat: { every: 50_000 }, jobId: 'mine' });
      await queue.add('a', {}, { repeat: { every: 50_000, endDate } });
      const keys = (await queue.getRepeatableJobs()).map(({ key }) => key);
      expect([...keys].sort()).toEqual([
        `a::${endDate}:50000`,
        'a:::50000',
        'a:::70000000',
        'a:mine::50000',
        'b:::50000',
      ]);
      expect(keys[0]).toBe('a:::70000000');
      expect((await queue.getRepeatableJobs(0, 0, true))[0]?.key).not.toBe('a:::70000000');
    },
  ],
  [
    'adds the run after the one that starts, with the same options',
    async (bench) => {
      const queue = bench.open();
      const seen: unknown[] = [];
      const job = await queue.add('tick', { a: 1 }, { repeat: { every: 100 }, removeOnComplete: true });
      await bench.runAll(
        queue,
        2,
        ({ opts, data }) => void seen.push([opts.repeat && (opts.repeat as { count?: number }).count, data]),
      );
      expect(seen.slice(0, 2)).toEqual([
        [1, { a: 1 }],
        [2, { a: 1 }],
      ]);
      expect(await job.getState()).toBe('stuck');
      expect(await queue.getRepeatableCount()).toBe(1);
    },
  ],
  [
    'ends after as many runs as the limit says',
    async (bench) => {
      const queue = bench.open();
      await queue.add({}, { repeat: { every: 60, limit: 2 } });
      const ran = await bench.runAll(queue, 2);
      // Two more would have come.
      await clockPasses(120);
      expect(ran).toHaveLength(2);
      expect(await queue.getDelayedCount()).toBe(0);
    },
  ],
  [
    'adds nothing for a schedule that has ended',
    async (bench) => {
      const queue = bench.open();
      expect(await queue.add({}, { repeat: { every: 1000, endDate: Date.now() - 1 } })).toBeUndefined();
      expect(await queue.getRepeatableCount()).toBe(0);
    },
  ],
  [
    'removes a schedule and its pending run, by its options or its key',
    async (bench) => {
      const queue = bench.open();
      await queue.add('a', {}, { repeat: { every: 60_000 }, jobId: 'x' });
      await queue.add('b', {}, { repeat: { cron: '0 0 1 1 *' } });
      await queue.add({}, { repeat: { every: 60_000 } });
      await queue.removeRepeatable('a', { every: 60_000, jobId: 'x' });
      await queue.removeRepeatable({ every: 60_000 });
      expect((await queue.getRepeatableJobs()).map(({ key }) => key)).toEqual(['b::::0 0 1 1 *']);
      await queue.removeRepeatableByKey('b::::0 0 1 1 *');
      await queue.removeRepeatableByKey('b::::0 0 1 1 *');
      expect([await queue.getRepeatableCount(), idsOf(await queue.getDelayed())]).toEqual([0, []]);
    },
  ],
  [
    'does not go on with a schedule that was removed while it ran',
    async (bench) => {
      const queue = bench.open();
      // Long enough for the removal to come before the next run is due, also on a busy machine.
      const repeat = { every: 2_000 };
      await queue.add({}, { repeat });
      let runs = 0;
      void queue.process(async () => {
        runs += 1;
        await queue.removeRepeatable(repeat);
      });
      await waitUntil(async () => (await queue.getCompletedCount()) === 1, 'the first run to end');
      expect([runs, await queue.getDelayedCount(), await queue.getRepeatableCount()]).toEqual([1, 0, 0]);
    },
  ],
  [
    'refuses cron and every together, and a cron that cannot be read',
    async (bench) => {
      const queue = bench.open();
      const both = { cron: '* * * * *', every: 5 } as never;
      expect(await rejection(queue.add({}, { repeat: both }))).toBe(
        'Both .cron and .every options are defined for this repeatable job',
      );
      expect(await rejection(queue.add({}, { repeat: { cron: 'nonsense here' } }))).toMatch(
        /cannot resolve alias|it has 2 fields/,
      );
    },
  ],
];
