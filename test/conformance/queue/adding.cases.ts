import type { QueueCase } from './queue-bench.js';
import { heardAtLeast, idsOf, rejection, stored } from './queue-bench.js';

/** What `add` and `addBulk` accept, return and store. */
export const addingCases: readonly QueueCase[] = [
  [
    'gives jobs ascending ids as text',
    async (bench) => {
      const queue = bench.open();
      expect((await queue.add({})).id).toBe('1');
      expect((await queue.add({})).id).toBe('2');
    },
  ],
  [
    'takes a job id of the caller’s, and counts on beside it',
    async (bench) => {
      const queue = bench.open();
      expect((await queue.add({}, { jobId: 'mine' })).id).toBe('mine');
      expect((await queue.add({})).id).toBe('2');
    },
  ],
  [
    'keeps a numeric job id as text',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { jobId: 77 });
      expect(job.id).toBe('77');
      expect((await queue.getJob('77'))?.id).toBe('77');
    },
  ],
  [
    'ignores a second job of the same id, answers with the caller’s payload and says duplicated',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'duplicated', 'global:duplicated');
      await queue.add({ first: true }, { jobId: 'a' });
      const second = await queue.add({ second: true }, { jobId: 'a' });
      expect(second.data).toEqual({ second: true });
      expect((await stored(second)).data).toEqual({ first: true });
      expect(await queue.getWaitingCount()).toBe(1);
      await heardAtLeast(heard, 2);
      expect(heard).toEqual(['duplicated "a"', 'global:duplicated "a"']);
    },
  ],
  [
    'calls a job without a name __default__',
    async (bench) => {
      const queue = bench.open();
      expect((await queue.add({ a: 1 })).name).toBe('__default__');
      expect((await queue.add('named', { a: 1 })).name).toBe('named');
    },
  ],
  [
    'sends a payload through JSON',
    async (bench) => {
      const queue = bench.open();
      const at = new Date('2026-01-02T03:04:05.678Z');
      const job = await queue.add({
        at,
        gone: undefined,
        list: [undefined, 1],
        nested: { deep: [{ x: null }] },
      });
      expect((await stored(job)).data).toStrictEqual({
        at: '2026-01-02T03:04:05.678Z',
        list: [null, 1],
        nested: { deep: [{ x: null }] },
      });
    },
  ],
  [
    'gives the caller his own payload object back',
    async (bench) => {
      const queue = bench.open();
      const payload = { at: new Date() };
      expect((await queue.add(payload)).data).toBe(payload);
    },
  ],
  [
    'does not see what the caller changes afterwards, nor let a reader change what is stored',
    async (bench) => {
      const queue = bench.open();
      const payload = { n: 1 };
      const job = await queue.add(payload);
      payload.n = 2;
      const read = await stored(job);
      expect(read.data).toEqual({ n: 1 });
      (read.data as { n: number }).n = 3;
      read.opts.attempts = 9;
      expect((await stored(job)).data).toEqual({ n: 1 });
      expect((await stored(job)).opts.attempts).toBe(1);
    },
  ],
  [
    'stores texts, numbers and lists, and {} for what is falsy',
    async (bench) => {
      const queue = bench.open();
      for (const [payload, kept] of [
        [
          [1, 2],
          [1, 2],
        ],
        [7, 7],
        [0, {}],
        [null, {}],
        [false, {}],
        [undefined, {}],
      ] as const) {
        expect((await stored(await queue.add('x', payload))).data).toStrictEqual(kept);
      }
      expect((await stored(await queue.add('x', 'text'))).data).toBe('text');
      expect((await stored(await queue.add('x', ''))).data).toStrictEqual({});
    },
  ],
  [
    'refuses a circular payload and a BigInt',
    async (bench) => {
      const queue = bench.open();
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      await expect(queue.add(circular)).rejects.toThrow(/circular/i);
      await expect(queue.add({ big: 1n })).rejects.toThrow(/BigInt/);
      expect(await queue.count()).toBe(0);
    },
  ],
  [
    'fills in the options of a job',
    async (bench) => {
      const queue = bench.open();
      const before = Date.now();
      const { opts, timestamp } = await stored(await queue.add({}));
      expect(opts).toEqual({ attempts: 1, delay: 0, timestamp });
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(timestamp).toBeLessThanOrEqual(Date.now());
    },
  ],
  [
    'keeps unknown options and turns a number of backoff into a fixed one',
    async (bench) => {
      const queue = bench.open();
      const options = {
        attempts: 3,
        backoff: 40,
        priority: 2,
        mq: { correlationId: 'c', list: [1] },
        lifo: false,
      };
      const { opts } = await stored(await queue.add({}, options));
      expect(opts).toMatchObject({ ...options, backoff: { type: 'fixed', delay: 40 } });
    },
  ],
  [
    'merges the queue’s default options under the job’s',
    async (bench) => {
      const queue = bench.open({ defaultJobOptions: { attempts: 5, removeOnComplete: true, priority: 4 } });
      const { opts } = await stored(await queue.add({}, { attempts: 2 }));
      expect(opts).toMatchObject({ attempts: 2, removeOnComplete: true, priority: 4 });
      const [bulk] = await queue.addBulk([{ data: {}, opts: { priority: 1 } }]);
      expect(bulk && (await stored(bulk)).opts).toMatchObject({ attempts: 5, priority: 1 });
    },
  ],
  [
    'takes a creation time of the caller’s',
    async (bench) => {
      const queue = bench.open();
      const job = await stored(await queue.add({}, { timestamp: 1_000 } as object));
      expect(job.timestamp).toBe(1_000);
    },
  ],
  [
    'hands the payload out as text with preventParsingData',
    async (bench) => {
      const queue = bench.open();
      expect((await stored(await queue.add({ a: 1 }, { preventParsingData: true }))).data).toBe('{"a":1}');
    },
  ],
  [
    'adds many in order, unnamed ones too',
    async (bench) => {
      const queue = bench.open();
      const jobs = await queue.addBulk([
        { name: 'a', data: { n: 1 } },
        { data: { n: 2 }, opts: { jobId: 'two' } },
        { name: 'c', data: { n: 3 }, opts: { delay: 60_000 } },
      ]);
      expect(idsOf(jobs)).toEqual(['1', 'two', '3']);
      expect(jobs.map((job) => job.name)).toEqual(['a', '__default__', 'c']);
      expect(idsOf(await queue.getWaiting())).toEqual(['1', 'two']);
      expect(idsOf(await queue.getDelayed())).toEqual(['3']);
    },
  ],
  [
    'writes a job as JSON with every field',
    async (bench) => {
      const queue = bench.open();
      const job = await stored(await queue.add('n', { a: 1 }, { attempts: 2 }));
      expect(JSON.parse(JSON.stringify(job))).toEqual({
        id: '1',
        name: 'n',
        data: { a: 1 },
        opts: { attempts: 2, delay: 0, timestamp: job.timestamp },
        progress: 0,
        delay: 0,
        timestamp: job.timestamp,
        attemptsMade: 0,
        stacktrace: [],
        returnvalue: null,
        debounceId: null,
        finishedOn: null,
        processedOn: null,
      });
    },
  ],
  [
    'answers null for a job that does not exist and undefined without an id',
    async (bench) => {
      const queue = bench.open();
      expect(await queue.getJob('nobody')).toBeNull();
      expect(await queue.getJob(undefined as unknown as string)).toBeUndefined();
    },
  ],
  [
    'marks the id of a job with the group of a limiter',
    async (bench) => {
      const queue = bench.open({ limiter: { max: 1, duration: 1000, groupKey: 'user.id' } });
      expect((await queue.add({ user: { id: 'u1' } }, { jobId: 'j' })).id).toBe('j:u1');
      expect((await queue.add({ user: { id: 'u2' } })).id).toMatch(/^[0-9a-f-]{36}:u2$/);
    },
  ],
  [
    'refuses a limiter without max and duration',
    async (bench) => {
      const open = async (): Promise<unknown> => bench.open({ limiter: { max: 1 } as never });
      expect(await rejection(open())).toBe('Limiter requires `max` and `duration` options');
    },
  ],
];
