import type { Job } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import type { QueueCase } from './queue-bench.js';
import { heardAtLeast, rejection } from './queue-bench.js';

/** In place of what ends a handler: that a job is active in Redis does not say that its handler has started. */
const NOT_STARTED = (): void => undefined;

/** Pausing, resuming, closing. */
export const pausingCases: readonly QueueCase[] = [
  [
    'starts no job while paused for all, and goes on when resumed',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'paused', 'resumed', 'global:paused', 'global:resumed');
      const ran: unknown[] = [];
      void queue.process(async (job: Job) => void ran.push(job.id));
      await (await queue.add({})).finished();
      await queue.pause();
      expect(await queue.isPaused()).toBe(true);
      const second = await queue.add({});
      expect(await second.getState()).toBe('paused');
      await heardAtLeast(heard, 2);
      expect(ran).toEqual(['1']);
      await queue.resume();
      await waitUntil(() => second.isCompleted(), 'the job that waited');
      expect([await queue.isPaused(), ran]).toEqual([false, ['1', '2']]);
      await heardAtLeast(heard, 4);
      expect([...heard].sort()).toEqual(['global:paused', 'global:resumed', 'paused', 'resumed']);
    },
  ],
  [
    'pausing twice and resuming twice is the same as once',
    async (bench) => {
      const queue = await bench.openWith(1);
      await queue.pause();
      await queue.pause();
      expect(await queue.getPausedCount()).toBe(1);
      await queue.resume();
      await queue.resume();
      expect([await queue.getWaitingCount(), await queue.isPaused()]).toEqual([1, false]);
    },
  ],
  [
    'lets active jobs end while paused for all',
    async (bench) => {
      const queue = bench.open();
      let end = NOT_STARTED;
      void queue.process(() => new Promise<void>((resolve) => (end = resolve)));
      const job = await queue.add({});
      await waitUntil(() => end !== NOT_STARTED, 'the handler to start');
      await queue.pause();
      end();
      await job.finished();
      expect(await queue.isPaused()).toBe(true);
    },
  ],
  [
    'pauses here only, waiting for the jobs that are active',
    async (bench) => {
      const queue = bench.open();
      let end = NOT_STARTED;
      void queue.process(() => new Promise<void>((resolve) => (end = resolve)));
      await queue.add({});
      await waitUntil(() => end !== NOT_STARTED, 'the handler to start');
      let paused = false;
      const pausing = queue.pause(true).then(() => (paused = true));
      await bench.anotherRuns();
      expect(paused).toBe(false);
      end();
      await pausing;
      end = NOT_STARTED;
      expect([await queue.isPaused(true), await queue.isPaused()]).toEqual([true, false]);
      const waiting = await queue.add({});
      await bench.anotherRuns();
      expect(await waiting.getState()).toBe('waiting');
      await queue.resume(true);
      await waitUntil(() => end !== NOT_STARTED, 'the job that waited');
      end();
      await waiting.finished();
    },
  ],
  [
    'does not wait for active jobs when told so',
    async (bench) => {
      const queue = bench.open();
      void queue.process(() => new Promise<void>(() => undefined));
      const job = await queue.add({});
      await waitUntil(() => job.isActive(), 'the job to be active');
      await queue.pause(true, true);
      expect(await job.getState()).toBe('active');
    },
  ],
  [
    'promotes a delayed job while paused to paused',
    async (bench) => {
      const queue = bench.open();
      await queue.pause();
      const job = await queue.add({}, { delay: 60_000 });
      await job.promote();
      expect([await job.getState(), await queue.getPausedCount()]).toEqual(['paused', 1]);
    },
  ],
  [
    'waits for active jobs with close()',
    async (bench) => {
      const queue = bench.open();
      const order: string[] = [];
      let end = NOT_STARTED;
      void queue.process(() => new Promise<void>((resolve) => (end = resolve)));
      await queue.add({});
      await waitUntil(() => end !== NOT_STARTED, 'the handler to start');
      const closing = queue.close().then(() => order.push('closed'));
      await bench.anotherRuns();
      order.push('ended');
      end();
      await closing;
      expect(order).toEqual(['ended', 'closed']);
    },
  ],
  [
    'does not wait with close(true)',
    async (bench) => {
      const queue = bench.open();
      void queue.process(() => new Promise<void>(() => undefined));
      const job = await queue.add({});
      await waitUntil(() => job.isActive(), 'the job to be active');
      await queue.close(true);
    },
  ],
  [
    'closes once, however often it is called, and tells',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'close');
      const closing = queue.close();
      expect(queue.close()).toBe(closing);
      await closing;
      expect(heard).toEqual(['close']);
    },
  ],
  [
    'refuses adds after close()',
    async (bench) => {
      const queue = await bench.openWith(1);
      await queue.close();
      expect(await rejection(queue.add({}))).toMatch(/closed/i);
    },
  ],
  [
    'gives no next job after close()',
    async (bench) => {
      const queue = await bench.openWith(1);
      await queue.close();
      expect(await queue.getNextJob()).toBeUndefined();
    },
  ],
  [
    'waits for a next job, and gives up after a while',
    async (bench) => {
      const queue = bench.open();
      const next = queue.getNextJob();
      await queue.add({});
      expect((await next)?.id).toBe('1');
      await (await queue.getJob('1'))?.moveToCompleted('x', true, true);
      // The first look finds out that the queue has drained, the second waits `drainDelay` seconds.
      expect((await queue.getNextJob()) ?? undefined).toBeUndefined();
      expect((await queue.getNextJob()) ?? undefined).toBeUndefined();
    },
  ],
];
