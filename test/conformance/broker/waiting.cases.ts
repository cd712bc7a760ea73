import type { Job, Queue } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import { completed, failed, rejectionOf } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

/** A job that waits, or is delayed, and whoever waits for its end. */
async function waitedFor(
  bench: BrokerBench,
  queue: Queue,
  delay = 0,
): Promise<{ readonly job: Job; readonly end: Promise<unknown> }> {
  const id = await bench.add(queue, { options: { delay } });
  const job = (await queue.getJob(id)) as Job;
  const end = job.finished();
  end.catch(() => undefined);
  return { job, end };
}

/** Whatever takes a waiting job away. */
const REMOVALS: Readonly<Record<string, (bench: BrokerBench, queue: Queue, job: Job) => Promise<unknown>>> = {
  'job.remove()': (_bench, _queue, job) => job.remove(),
  'removeJobs()': (_bench, queue, job) => queue.removeJobs(String(job.id)),
  'empty()': (_bench, queue) => queue.empty(),
  'purge()': (bench, queue) => bench.broker.purge(queue),
  'clean()': (_bench, queue) => queue.clean(0, 'wait'),
  'obliterate()': (_bench, queue) => queue.obliterate({ force: true }),
};

/** Every promise of a queue settles: also when what it waits for can no longer come. */
export const waitingCases: readonly BrokerCase[] = [
  [
    'whoever waits for a job is told how it ended',
    async (bench) => {
      const queue = bench.open();
      const [good, none] = [await waitedFor(bench, queue), await waitedFor(bench, queue)];
      const bad = (await queue.getJob(await bench.add(queue, { name: 'other' }))) as Job;
      const hosts = await queue.add('job', {});
      const ends = [good.end, none.end, hosts.finished()];
      const rejected = rejectionOf(bad.finished());
      await bench.work(queue, (taken) => {
        if (taken.job.name === 'other') return failed(taken, null, 'its reason');
        return completed(taken.job.id === good.job.id ? { n: 1 } : null);
      });
      expect(await Promise.all(ends)).toEqual([{ n: 1 }, null, null]);
      expect((await rejected).message).toBe('its reason');
      // And afterwards.
      expect(await good.job.finished()).toEqual({ n: 1 });
      expect((await rejectionOf(bad.finished())).message).toBe('its reason');
    },
  ],
  [
    'nobody waits for a job that is removed, whichever way',
    async (bench) => {
      const ends = Object.entries(REMOVALS).map(async ([how, remove]) => {
        const queue = bench.open();
        const { job, end } = await waitedFor(bench, queue);
        // Cleaned is what is older than a moment.
        await new Promise((resolve) => setTimeout(resolve, 5));
        await remove(bench, queue, job);
        const { code, message } = await rejectionOf(end);
        expect([how, code]).toEqual([how, 'JOB_NOT_FOUND']);
        expect(message).toContain(`Job "${String(job.id)}" of queue "${queue.name}" is gone`);
        expect([how, (await rejectionOf(job.finished())).code]).toEqual([how, 'JOB_NOT_FOUND']);
      });
      await Promise.all(ends);
    },
  ],
  [
    'nobody waits for a job that ends cancelled, or whose end has expired',
    async (bench) => {
      const queue = bench.open();
      const cancelled = await waitedFor(bench, queue);
      await bench.broker.cancel(queue, String(cancelled.job.id), 'no need');
      expect((await rejectionOf(cancelled.end)).message).toContain('no need');
      const kept = bench.open();
      const ended = await waitedFor(bench, kept);
      await bench.work(kept);
      await ended.end;
      await waitUntil(async () => {
        await kept.clean(0, 'completed');
        return (await kept.getCompletedCount()) === 0;
      }, 'the end to be forgotten');
      expect((await rejectionOf(ended.job.finished())).code).toBe('JOB_NOT_FOUND');
    },
  ],
  [
    'nobody waits for a job of a queue that closes',
    async (bench) => {
      const queue = bench.open();
      const { job, end } = await waitedFor(bench, queue, 60_000);
      await queue.close();
      const closing = 'cannot check if job is finished in a closing queue.';
      expect((await rejectionOf(end)).message).toBe(closing);
      expect((await rejectionOf(job.finished())).message).toBe(closing);
    },
  ],
  [
    'nobody waits for a handler that never ends once the broker has closed',
    async (bench) => {
      const queue = bench.open();
      let running = false;
      const { worker } = await bench.work(queue, () => {
        running = true;
        return new Promise(() => undefined);
      });
      await bench.add(queue);
      await waitUntil(() => running, 'the run');
      const waits = [queue.whenCurrentJobsFinished(), queue.pause(true), queue.close(), worker.whenIdle()];
      await bench.broker.close();
      await Promise.allSettled(waits);
      // Asked afterwards.
      await Promise.allSettled([queue.whenCurrentJobsFinished(), queue.pause(true), worker.whenIdle()]);
      await expect(queue.close()).resolves.toBeUndefined();
    },
  ],
];
