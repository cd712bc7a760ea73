import type { Queue } from 'bull';
import { JOB_ADDED } from '../../../src/message-queue/broker/rules/events/local-events.js';
import { recordOf } from '../../../src/message-queue/jobs/managed-job.js';
import { once } from '../../support/add-requests.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';
import { BrokerBench as Bench, failed, rejectionOf } from './broker-bench.js';
import { clockPasses } from '../../support/clock-passes.js';

/** Adds jobs one after the other, lets each complete, and tells which of them are kept, the newest first. */
async function keptOf(
  bench: BrokerBench,
  queue: Queue,
  ...removeOnComplete: (boolean | number | { count?: number; age?: number })[]
): Promise<string[]> {
  for (const [n, remove] of removeOnComplete.entries()) {
    await bench.add(queue, { options: { jobId: `job-${n}`, removeOnComplete: remove } });
    await waitUntil(async () => (await queue.getJobCounts()).waiting === 0, 'the job to be taken');
    await waitUntil(async () => (await queue.getActiveCount()) === 0, 'the job to end');
    // Two that end in the same millisecond have no order.
    await clockPasses(1);
  }
  return (await queue.getCompleted()).map(({ id }) => String(id));
}

/** What `broker/rules` decides for both providers: the same answers, to the word. */
export const ruleCases: readonly BrokerCase[] = [
  [
    'a full queue says how full it is, what was not added and what to do',
    async (bench) => {
      const queue = bench.open({ maxWaiting: 2 });
      await bench.add(queue);
      await bench.add(queue, { options: { delay: 60_000 } });
      const full = {
        code: 'QUEUE_FULL',
        message:
          'Queue "work-1" is full: 2 jobs are waiting and its limit (maxWaiting) is 2, so job "job" was not added. ' +
          'Try again in 1000 ms, add workers, or raise maxWaiting.',
        ...{ queue: 'work-1', job: 'job', depth: 2, limit: 2, retryAfterMs: 1_000 },
      };
      expect(await rejectionOf(bench.add(queue, { options: { jobId: 'mine' } }))).toMatchObject(full);
      expect(await rejectionOf(queue.add('job', {}))).toMatchObject(full);
    },
  ],
  [
    'keeps a tenth on top, rounded up, for jobs that are critical by word or by priority',
    async (bench) => {
      const queue = bench.open({ maxWaiting: 11 });
      for (let i = 0; i < 11; i++) await bench.add(queue);
      const refused = [{}, { options: { priority: 2 } }, { critical: false, options: { priority: 1 } }];
      for (const over of refused) {
        expect(await rejectionOf(bench.add(queue, over))).toMatchObject({ depth: 11, limit: 11 });
      }
      await bench.add(queue, { critical: true });
      await queue.add('job', {}, { priority: 1 });
      expect(await rejectionOf(bench.add(queue, { critical: true }))).toMatchObject({ depth: 13, limit: 11 });
    },
  ],
  [
    'a schedule is added although the queue is full: it is never more than one pending run',
    async (bench) => {
      const queue = bench.open({ maxWaiting: 1 });
      await bench.add(queue);
      const id = await bench.add(queue, { options: { repeat: { every: 3_600_000 } } });
      expect((await queue.getDelayed()).map((job) => job.id)).toEqual([id]);
      expect(await rejectionOf(bench.add(queue))).toMatchObject({ code: 'QUEUE_FULL', depth: 2 });
    },
  ],
  [
    'a full store says how much it holds, what was not added and what to do',
    async (bench) => {
      const short = new Bench(bench.provider, true);
      try {
        const queue = short.open();
        const error = await waitUntil(
          () =>
            short.add(queue).then(
              () => null,
              (thrown: unknown) => thrown as Error & { depth: number; limit: number },
            ),
          'a refusal',
        );
        expect(error).toMatchObject({ code: 'QUEUE_FULL', queue: 'work-1', job: 'job', retryAfterMs: 1_000 });
        expect(error.message).toMatch(
          /^(Redis|The memory provider) .*bytes.*, so job "job" was not added to queue "work-1"\. Try again in 1000 ms, let the workers finish, or raise \w+/,
        );
        expect(error.depth).toBeGreaterThan(0);
        expect(error.message).toContain(String(error.depth));
        expect(error.message).toContain(String(error.limit));
      } finally {
        await short.close();
      }
    },
  ],
  [
    'a closed queue refuses by name what was not added',
    async (bench) => {
      const queue = bench.open();
      await queue.close();
      const closed = {
        code: 'BROKER_UNAVAILABLE',
        message: 'Queue "work-1" is closed: job "job" was not added. Add it again once the app runs.',
        ...{ queue: 'work-1', job: 'job' },
      };
      expect(await rejectionOf(bench.add(queue))).toMatchObject(closed);
      expect(await rejectionOf(queue.add('job', {}))).toMatchObject(closed);
      expect(await rejectionOf(queue.addBulk([{ name: 'job', data: {} }]))).toMatchObject(closed);
    },
  ],
  [
    'a key that stands for another payload names key, job and both fingerprints',
    async (bench) => {
      const queue = bench.open();
      await bench.add(queue, { options: { jobId: 'first' }, ...once('k') });
      const again = bench.add(queue, once('k', 'g'));
      expect(await rejectionOf(again)).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        message:
          'Idempotency key "k" of queue "work-1" belongs to job "first", which has another payload (fingerprint f, now g). ' +
          'Use a new key for a new payload.',
        ...{ queue: 'work-1', job: 'job', jobId: 'first' },
      });
      expect(await queue.getWaitingCount()).toBe(1);
    },
  ],
  [
    'a known key does not save an add that is wrong, or comes after the queue was closed',
    async (bench) => {
      const queue = bench.open();
      const id = await bench.add(queue, once('k'));
      expect(await bench.add(queue, once('k'))).toBe(id);
      for (const over of [{ options: { attempts: 0 } }, { data: [] as object }]) {
        expect((await rejectionOf(bench.add(queue, { ...over, ...once('k') }))).code).toMatch(/^INVALID_/);
      }
      await queue.close();
      expect(await rejectionOf(bench.add(queue, once('k')))).toMatchObject({
        code: 'BROKER_UNAVAILABLE',
      });
    },
  ],
  [
    'process() is refused and shows the way',
    async (bench) => {
      const queue = bench.open();
      const say = (job: string): string =>
        'Queue "work-1" is managed: its jobs cannot be taken with process() or @Process(). ' +
        `Put @JobHandler('${job}') on a method of a class with @Processor('work-1'); concurrency is a setting of the queue.`;
      for (const [args, job] of [
        [['resize', 3, () => undefined], 'resize'],
        [[() => undefined], 'job-name'],
      ] as const) {
        expect(() => Reflect.apply(queue.process, queue, args) as unknown).toThrow(
          expect.objectContaining({ code: 'HANDLER_REGISTRATION', message: say(job), job }),
        );
      }
    },
  ],
  [
    'a queue is created once, worked on once, and belongs to its broker',
    async (bench) => {
      const queue = bench.open();
      expect(() => bench.open({ name: 'work-1' })).toThrow(
        expect.objectContaining({
          code: 'DUPLICATE_REGISTRATION',
          message: 'Queue "work-1" was created twice. Register it once.',
        }),
      );
      await bench.work(queue);
      expect(await rejectionOf(bench.work(queue))).toMatchObject({
        code: 'HANDLER_REGISTRATION',
        message:
          'Queue "work-1" has a worker in this process already. Stop that one first, or raise its concurrency.',
      });
      const stranger = new Bench(bench.provider);
      expect(await rejectionOf((async () => stranger.broker.snapshot(queue))())).toMatchObject({
        code: 'UNKNOWN_QUEUE',
        message:
          'Queue "work-1" was not created by this broker. Use the queue that its createQueue() returned.',
      });
      await stranger.close();
    },
  ],
  [
    'a job without a name gets Bull’s',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({ a: 1 }, { delay: 60_000 });
      const [bulk] = await queue.addBulk([{ data: { b: 1 } }]);
      for (const [id, data] of [
        [job.id, { a: 1 }],
        [bulk?.id ?? '', { b: 1 }],
      ] as const) {
        expect(await queue.getJob(id)).toMatchObject({ name: '__default__', data });
      }
      expect(await queue.getDelayedCount()).toBe(1);
    },
  ],
  [
    'tells once of each job that was added, whichever way, and of none that was there before',
    async (bench) => {
      const queue = bench.open();
      const told: [string, string][] = [];
      queue.on(JOB_ADDED, (id: string, name: string) => told.push([id, name]));
      const one = await bench.add(queue, { options: { jobId: 'one' } });
      await bench.add(queue, { options: { jobId: 'one' } });
      await bench.add(queue, { options: { debounce: { id: 'd', ttl: 60_000 }, jobId: 'two' } });
      await bench.add(queue, { options: { debounce: { id: 'd', ttl: 60_000 } } });
      await queue.add('other', {}, { jobId: 'three' });
      await queue.addBulk([{ name: 'job', data: {}, opts: { jobId: 'four' } }]);
      const scheduled = await bench.add(queue, { options: { repeat: { every: 3_600_000 } } });
      await waitUntil(() => told.length >= 5, 'five events');
      expect(told).toEqual([
        [one, 'job'],
        ['two', 'job'],
        ['three', 'other'],
        ['four', 'job'],
        [scheduled, 'job'],
      ]);
    },
  ],
  [
    'a debounce key is free again once its job was cancelled, purged or has completed',
    async (bench) => {
      const queue = bench.open();
      const add = (): Promise<string> => bench.add(queue, { options: { debounce: { id: 'd' } } });
      const cancelled = await add();
      expect(await add()).toBe(cancelled);
      await bench.broker.cancel(queue, cancelled, 'no');
      const purged = await add();
      await bench.broker.purge(queue);
      const completed = await add();
      expect(new Set([cancelled, purged, completed]).size).toBe(3);
      await bench.work(queue);
      await bench.untilState(queue, completed, 'completed');
      expect(await add()).not.toBe(completed);
    },
  ],
  [
    'the next run of a schedule knows nothing of what happened to the one before',
    async (bench) => {
      const queue = bench.open();
      const mq = { correlationId: 'c' };
      const id = await bench.add(queue, { options: { repeat: { every: 3_600_000 }, mq } });
      await bench.work(queue, (delivery) => failed(delivery));
      await (await queue.getJob(id))?.promote();
      await bench.untilState(queue, id, 'failed');
      // The pending run is gone, so the replayed one adds it again.
      expect(await bench.broker.purge(queue)).toBe(1);
      await bench.broker.replay(queue, [{ id }], { at: 1, by: 'ops' });
      await waitUntil(async () => (await queue.getDelayedCount()) === 1, 'the next run');
      await bench.untilState(queue, id, 'failed');
      const [next] = await queue.getDelayed();
      expect(next && recordOf(next)).toMatchObject(mq);
      expect(next && recordOf(next)).not.toMatchObject({ failures: expect.anything() });
      expect(next && recordOf(next)).not.toMatchObject({ replays: expect.anything() });
    },
  ],
  [
    'keeps as many completed jobs as each says, for as long as it says',
    async (bench) => {
      const [all, some, young] = [bench.open(), bench.open(), bench.open()];
      for (const queue of [all, some, young]) await bench.work(queue);
      expect(await keptOf(bench, all, true, 0, { count: 0 }, false, { age: 600 })).toEqual([
        'job-4',
        'job-3',
      ]);
      expect(await keptOf(bench, some, false, false, false, 2)).toEqual(['job-3', 'job-2']);
      await keptOf(bench, young, false, false);
      await clockPasses(1_000);
      await bench.add(young, { options: { jobId: 'late', removeOnComplete: { age: 1 } } });
      await waitUntil(async () => (await young.getCompletedCount()) === 1, 'the older ones to go');
      expect((await young.getCompleted()).map(({ id }) => id)).toEqual(['late']);
    },
  ],
  [
    'closes within three seconds although a handler does not end',
    async (bench) => {
      const queue = bench.open();
      let started = false;
      await bench.work(queue, async () => {
        started = true;
        return new Promise(() => undefined);
      });
      await bench.add(queue);
      await waitUntil(() => started, 'the handler to run');
      const startedAt = performance.now();
      await bench.broker.close();
      expect(performance.now() - startedAt).toBeGreaterThan(2_900);
    },
  ],
];
