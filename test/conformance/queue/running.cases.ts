import type { DoneCallback, Job } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import type { QueueCase } from './queue-bench.js';
import { rejection, stored } from './queue-bench.js';

/** How `process` runs jobs. */
export const runningCases: readonly QueueCase[] = [
  [
    'stores what a handler’s promise resolves to',
    async (bench) => {
      const queue = bench.open();
      void queue.process(async (job: Job<{ n: number }>) => ({ doubled: job.data.n * 2 }) as never);
      const job = await queue.add({ n: 4 });
      expect(await job.finished()).toEqual({ doubled: 8 });
      const after = await stored(job);
      expect(after.returnvalue).toEqual({ doubled: 8 });
      expect(after.attemptsMade).toBe(0);
      expect(after.finishedOn).toBeGreaterThanOrEqual(after.processedOn as number);
    },
  ],
  [
    'takes handlers that call back',
    async (bench) => {
      const queue = bench.open();
      void queue.process((job: Job<{ fail?: boolean }>, done: DoneCallback) => {
        if (job.data.fail) done(new Error('called back'));
        else done(null, 'fine');
      });
      expect(await (await queue.add({})).finished()).toBe('fine');
      expect(await rejection((await queue.add({ fail: true })).finished())).toBe('called back');
    },
  ],
  [
    'takes handlers that return a plain value or throw at once',
    async (bench) => {
      const queue = bench.open();
      void queue.process(((job: Job<{ fail?: boolean }>) => {
        if (job.data.fail) throw new Error('at once');
        return 5;
      }) as never);
      expect(await (await queue.add({})).finished()).toBe(5);
      expect(await rejection((await queue.add({ fail: true })).finished())).toBe('at once');
    },
  ],
  [
    'stores null for a handler without a result',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({});
      await bench.runAll(queue, 1, () => undefined);
      expect((await stored(job)).returnvalue).toBeNull();
    },
  ],
  [
    'sends a result through JSON and fails a job whose result JSON cannot hold',
    async (bench) => {
      const queue = bench.open();
      const [date, circular] = [await queue.add({ d: 1 }), await queue.add({ c: 1 })];
      await bench.runAll(queue, 2, (job) => {
        if (job.id === date.id) return { at: new Date(0), u: undefined };
        const self: Record<string, unknown> = {};
        return (self['self'] = self);
      });
      expect((await stored(date)).returnvalue).toStrictEqual({ at: '1970-01-01T00:00:00.000Z' });
      expect(await circular.getState()).toBe('failed');
      expect((await stored(circular)).failedReason).toMatch(/circular/i);
    },
  ],
  [
    'chooses the handler by name, and * for the others',
    async (bench) => {
      const queue = bench.open();
      void queue.process('a', async () => 'a' as never);
      void queue.process('*', async (job: Job) => `star ${job.name}` as never);
      expect(await (await queue.add('a', {})).finished()).toBe('a');
      expect(await (await queue.add('b', {})).finished()).toBe('star b');
      expect(await (await queue.add({})).finished()).toBe('star __default__');
    },
  ],
  [
    'fails a job that no handler is for',
    async (bench) => {
      const queue = bench.open();
      void queue.process('a', async () => undefined);
      expect(await rejection((await queue.add('b', {})).finished())).toBe(
        'Missing process handler for job type b',
      );
    },
  ],
  [
    'refuses a second handler of a name, none at all, and half a concurrency',
    async (bench) => {
      const queue = bench.open();
      void queue.process('a', async () => undefined);
      expect(() => queue.process('a', async () => undefined)).toThrow(
        'Cannot define the same handler twice a',
      );
      expect(() => queue.process('b', undefined as never)).toThrow('Cannot set an undefined handler');
      expect(await rejection(queue.process('c', 1.5, async () => undefined))).toBe(
        'Cannot set Float as concurrency',
      );
      // Bull connects in the background; closing before it has would be an unhandled rejection of its own.
      await (await queue.add('a', {})).finished();
    },
  ],
  [
    'runs as many jobs together as the concurrency says',
    async (bench) => {
      const queue = bench.open();
      const gates: (() => void)[] = [];
      let most = 0;
      void queue.process(3, async () => {
        most = Math.max(most, gates.length + 1);
        await new Promise<void>((resolve) => gates.push(resolve));
      });
      for (let i = 0; i < 7; i++) await queue.add({});
      await waitUntil(() => gates.length === 3, 'three jobs to be active');
      expect(await queue.getActiveCount()).toBe(3);
      expect(await queue.getWaitingCount()).toBe(4);
      let ended = 0;
      queue.on('completed', () => (ended += 1));
      while (ended < 7) {
        gates.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(most).toBe(3);
    },
  ],
  [
    'adds up the concurrencies of named handlers',
    async (bench) => {
      const queue = bench.open();
      let active = 0;
      const wait = async (): Promise<void> => {
        active += 1;
        await new Promise((resolve) => queue.once('global:resumed', resolve));
      };
      void queue.process('a', 2, wait);
      void queue.process('b', 1, wait);
      for (let i = 0; i < 4; i++) await queue.add('a', {});
      await waitUntil(() => active === 3, 'three jobs of one name to be active');
      await bench.record(queue, 'global:resumed');
      await queue.resume();
      await waitUntil(() => active === 4, 'the fourth job');
    },
  ],
  [
    'calls the handler with the queue as this',
    async (bench) => {
      const queue = bench.open();
      let isQueue = false;
      void queue.process(async function (this: unknown) {
        isQueue = this === queue;
      });
      await (await queue.add({})).finished();
      expect(isQueue).toBe(true);
    },
  ],
  [
    'hands the job over with its payload, options and queue, and as active',
    async (bench) => {
      const queue = bench.open();
      const seen: unknown[] = [];
      const job = await queue.add('n', { a: 1 }, { attempts: 4 });
      await bench.runAll(queue, 1, async (running) => {
        seen.push(running.id, running.name, running.data, running.opts.attempts, running.queue === queue);
        seen.push(await running.getState(), running.finishedOn, typeof running.processedOn);
      });
      expect(seen).toEqual([job.id, 'n', { a: 1 }, 4, true, 'active', undefined, 'number']);
    },
  ],
  [
    'fails an attempt that takes longer than its timeout',
    async (bench) => {
      const queue = bench.open();
      void queue.process(() => new Promise<void>(() => undefined));
      const job = await queue.add({}, { timeout: 30 });
      expect(await rejection(job.finished())).toBe('Promise timed out after 30 milliseconds');
    },
  ],
  [
    'resolves process() when the queue has closed',
    async (bench) => {
      const queue = bench.open();
      const processing = queue.process(async () => undefined);
      await (await queue.add({})).finished();
      await queue.close();
      await processing;
    },
  ],
  [
    'tells the result to whoever waits for it, before and after the end',
    async (bench) => {
      const queue = bench.open();
      void queue.process('ok', async () => [1, { a: 2 }] as never);
      void queue.process('none', async () => undefined);
      void queue.process('bad', async () => Promise.reject(new Error('broken')));
      const [ok, none, bad] = [
        await queue.add('ok', {}),
        await queue.add('none', {}),
        await queue.add('bad', {}),
      ];
      expect(await ok.finished()).toEqual([1, { a: 2 }]);
      expect(await rejection(bad.finished())).toBe('broken');
      await waitUntil(() => none.isCompleted(), 'the job without a result');
      expect(await ok.finished()).toEqual([1, { a: 2 }]);
      expect(await rejection(bad.finished())).toBe('broken');
      expect(await none.finished()).toBeNull();
    },
  ],
  [
    'takes a job by hand and completes it, taking the next one with it',
    async (bench) => {
      const queue = await bench.openWith(1, 2);
      const first = await bench.take(queue);
      expect(await first.getState()).toBe('active');
      const next = await first.moveToCompleted('"done"');
      expect(next?.[1]).toBe('2');
      expect((await stored(first)).returnvalue).toBe('"done"');
      const second = await (
        queue as unknown as { nextJobFromJobData(data: unknown, id: unknown): Promise<Job> }
      ).nextJobFromJobData(next?.[0], next?.[1]);
      expect([second.id, await second.getState()]).toEqual(['2', 'active']);
      await second.moveToCompleted('x', false, true);
      expect(await queue.getCompletedCount()).toBe(2);
    },
  ],
  [
    'does not take the next job with notFetch',
    async (bench) => {
      const queue = await bench.openWith(1, 2);
      expect((await (await bench.take(queue)).moveToCompleted('x', true, true)) ?? 0).toBe(0);
      expect(await queue.getActiveCount()).toBe(0);
    },
  ],
  [
    'refuses to complete or fail a job that is gone or not active',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = await bench.take(queue);
      await job.moveToCompleted('x', false, true);
      expect(await rejection(job.moveToCompleted('x', false, true))).toBe('Missing lock for job 1 finished');
      expect(await rejection(job.moveToCompleted('x', true, true))).toBe(
        'Job 1 is not in the active state. finished',
      );
      await job.remove();
      expect(await rejection(job.moveToCompleted('x', true, true))).toBe('Missing key for job 1 finished');
      expect(await rejection(job.moveToFailed({ message: 'm' }, true))).toMatch(
        /^Missing key for job 1 failed/,
      );
    },
  ],
];
