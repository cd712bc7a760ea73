import type { Job, JobOptions } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import type { QueueBench, QueueCase } from './queue-bench.js';
import { idsOf, rejection, stored } from './queue-bench.js';
import { clockPasses } from '../../support/clock-passes.js';

/** Runs one job that fails `failures` times; returns the time from each try to the next. */
async function gapsOf(
  bench: QueueBench,
  options: JobOptions,
  tries: number,
  strategies: Record<string, (attemptsMade: number, error: Error, options: unknown) => number> = {},
): Promise<{ gaps: number[]; job: Job }> {
  const queue = bench.open({ settings: { backoffStrategies: strategies } });
  const began: number[] = [];
  let ended = 0;
  queue.on('failed', () => (ended += 1));
  void queue.process(async () => {
    began.push(Date.now());
    throw new Error(`try ${began.length}`);
  });
  const job = await queue.add({}, options);
  await waitUntil(() => ended >= tries, `${tries} tries`);
  return { gaps: began.slice(1).map((at, i) => at - (began[i] as number)), job };
}

/** Attempts, backoff, dead letters and their retry. */
export const retryingCases: readonly QueueCase[] = [
  [
    'fails for good when the attempts are spent',
    async (bench) => {
      const { job } = await gapsOf(bench, { attempts: 3 }, 3);
      const after = await stored(job);
      expect([await job.getState(), after.attemptsMade, after.failedReason]).toEqual(['failed', 3, 'try 3']);
      expect(after.stacktrace.map((trace) => trace.split('\n')[0])).toEqual([
        'Error: try 1',
        'Error: try 2',
        'Error: try 3',
      ]);
      expect(after.finishedOn).toBeGreaterThan(0);
    },
  ],
  [
    'fails at the first error without attempts',
    async (bench) => {
      const { job } = await gapsOf(bench, {}, 1);
      expect([await job.getState(), (await stored(job)).attemptsMade]).toEqual(['failed', 1]);
    },
  ],
  [
    'succeeds at a later attempt and keeps the reason of the last failure',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { attempts: 3 });
      await bench.runAll(queue, 3, ({ attemptsMade }) => {
        if (attemptsMade < 2) throw new Error(`no ${attemptsMade}`);
        return 'yes';
      });
      const after = await stored(job);
      expect([await job.getState(), after.attemptsMade, after.returnvalue, after.failedReason]).toEqual([
        'completed',
        2,
        'yes',
        'no 1',
      ]);
    },
  ],
  [
    'waits a fixed backoff between tries, as a delayed job',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { attempts: 2, backoff: 60_000 });
      await bench.runAll(queue, 1, () => Promise.reject(new Error('no')));
      expect(await job.getState()).toBe('delayed');
      const { gaps } = await gapsOf(bench, { attempts: 2, backoff: { type: 'fixed', delay: 60 } }, 2);
      expect(gaps[0]).toBeGreaterThanOrEqual(59);
      expect(gaps[0]).toBeLessThan(400);
    },
  ],
  [
    'waits d and 3d with Bull’s exponential backoff',
    async (bench) => {
      const { gaps } = await gapsOf(bench, { attempts: 3, backoff: { type: 'exponential', delay: 40 } }, 3);
      expect(gaps[0]).toBeGreaterThanOrEqual(39);
      expect(gaps[0]).toBeLessThan(115);
      expect(gaps[1]).toBeGreaterThanOrEqual(119);
      expect(gaps[1]).toBeLessThan(500);
    },
  ],
  [
    'asks a named strategy, with attempt, error and options',
    async (bench) => {
      const asked: unknown[] = [];
      const strategies = {
        ours: (attemptsMade: number, error: Error, options: unknown) => {
          asked.push([attemptsMade, error.message, options]);
          return 30;
        },
      };
      const backoff = { type: 'ours', options: { step: 5 } };
      const { gaps } = await gapsOf(bench, { attempts: 3, backoff }, 3, strategies);
      expect(asked).toEqual([
        [1, 'try 1', { step: 5 }],
        [2, 'try 2', { step: 5 }],
      ]);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(29);
    },
  ],
  [
    'waits for an async strategy, and fails at once when it answers −1',
    async (bench) => {
      const strategies = { never: (async () => Promise.resolve(-1)) as never };
      const { job } = await gapsOf(bench, { attempts: 5, backoff: { type: 'never' } }, 1, strategies);
      expect([await job.getState(), (await stored(job)).attemptsMade]).toEqual(['failed', 1]);
    },
  ],
  [
    'does not try a discarded job again',
    async (bench) => {
      const queue = bench.open();
      const job = await queue.add({}, { attempts: 5 });
      await bench.runAll(queue, 1, async (running) => {
        await running.discard();
        throw new Error('final');
      });
      expect(await job.getState()).toBe('failed');
    },
  ],
  [
    'keeps as many stack traces as asked',
    async (bench) => {
      const { job } = await gapsOf(bench, { attempts: 4, stackTraceLimit: 2 }, 4);
      expect((await stored(job)).stacktrace.map((trace) => trace.split('\n')[0])).toEqual([
        'Error: try 3',
        'Error: try 4',
      ]);
    },
  ],
  [
    'puts a dead letter back with retry(), keeping what it has cost so far',
    async (bench) => {
      const { job } = await gapsOf(bench, { attempts: 2 }, 2);
      await job.queue.pause(true);
      await job.retry();
      const after = await stored(job);
      expect([await job.getState(), after.attemptsMade, after.stacktrace.length]).toEqual(['waiting', 2, 2]);
      expect([after.finishedOn, after.processedOn, after.failedReason]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(after).toHaveProperty('retriedOn');
    },
  ],
  [
    'ends a retried dead letter at its next failure',
    async (bench) => {
      const { job } = await gapsOf(bench, { attempts: 2 }, 2);
      await job.retry();
      await waitUntil(async () => (await stored(job)).attemptsMade === 3, 'the third try');
      await waitUntil(() => job.isFailed(), 'the job to be failed');
    },
  ],
  [
    'refuses to retry what has not failed, is active, or is gone',
    async (bench) => {
      const queue = await bench.openWith(1);
      const job = (await queue.getJob('1')) as Job;
      expect(await rejection(job.retry())).toBe(
        "Couldn't retry job: The job has been already retried or has not failed",
      );
      await bench.take(queue);
      expect(await rejection(job.retry())).toBe("Couldn't retry job: The job is locked");
      await job.moveToFailed({ message: 'no' });
      await job.remove();
      expect(await rejection(job.retry())).toBe("Couldn't retry job: The job doesn't exist");
    },
  ],
  [
    'retries all dead letters, oldest first',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3);
      for (let i = 0; i < 3; i++) {
        await (await bench.take(queue)).moveToFailed({ message: 'no' });
        // Finished in different milliseconds: Redis orders by time.
        await clockPasses();
      }
      await (queue as unknown as { retryJobs(options: { count: number }): Promise<void> }).retryJobs({
        count: 2,
      });
      expect(await queue.getFailedCount()).toBe(0);
      expect(idsOf(await queue.getWaiting())).toEqual(['1', '2', '3']);
    },
  ],
  [
    'spends an attempt when a job is failed by hand, and delays the next',
    async (bench) => {
      const queue = bench.open();
      await queue.add({}, { attempts: 2, backoff: 60_000 });
      const job = await bench.take(queue);
      await job.moveToFailed(new Error('by hand'));
      expect([await job.getState(), job.attemptsMade, job.failedReason]).toEqual(['delayed', 1, 'by hand']);
      await job.promote();
      await (await bench.take(queue)).moveToFailed({ message: 'again' });
      expect([await job.getState(), (await stored(job)).failedReason]).toEqual(['failed', 'again']);
    },
  ],
];
