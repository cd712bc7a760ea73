import type { Queue } from 'bull';
import type { FlowPolicy } from '../../../src/message-queue/jobs/flow/flow-policy.js';
import { defineRate } from '../../../src/message-queue/jobs/flow/rate.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { waitUntil } from '../../support/wait-until.js';
import { completed } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

/** So slow that no second one starts while a case lasts. */
const HOURLY = { limit: 1, perMs: 3_600_000 };
const CATCH_UP_MS = 50;
/** How much later than Redis a test sees that a job starts, milliseconds. */
const JITTER_MS = 40;

/** Jobs as they started. */
class Starts {
  readonly ids: string[] = [];
  private readonly at: number[] = [];

  note({ job }: TakenJob): void {
    this.ids.push(String(job.id));
    this.at.push(performance.now());
  }

  /** Waits until so many have started. */
  async until(count: number): Promise<readonly string[]> {
    await waitUntil(() => this.ids.length >= count, `${count} jobs to start`);
    return this.ids;
  }

  /** No window has more of them than the rate allows, and the rate was used. */
  expectRate(limit: number, perMs: number, burst = 1): void {
    for (const [i, from] of this.at.entries()) {
      for (const [more, to] of this.at.slice(i).entries()) {
        const allowed = burst + (limit * (to - from + CATCH_UP_MS + JITTER_MS)) / perMs;
        expect(more + 1).toBeLessThanOrEqual(allowed);
      }
    }
  }
}

const jobs = (
  count: number,
  name = 'job',
  prefix = name,
): { name: string; data: object; options: object }[] =>
  Array.from({ length: count }, (_, i) => ({ name, data: {}, options: { jobId: `${prefix}-${i}` } }));

const ids = (count: number, prefix = 'job'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

async function run(
  bench: BrokerBench,
  queue: Queue,
  settle: (taken: TakenJob) => Settlement | Promise<Settlement> = () => completed(),
  starts = new Starts(),
  concurrency = 5,
): Promise<Starts> {
  const note = (taken: TakenJob): Settlement | Promise<Settlement> => {
    starts.note(taken);
    return settle(taken);
  };
  await bench.work(queue, note, concurrency);
  return starts;
}

const keyed = (key: string, jobId: string): { data: object; options: object; name: string } => ({
  name: 'job',
  data: {},
  options: { jobId, mq: { key } },
});

/** A queue whose jobs `job` wait behind a rate that is closed, but for the first one, which has run. */
async function behindRate(bench: BrokerBench, count: number, flow: FlowPolicy = {}): Promise<Queue> {
  const queue = bench.open({ flow: { ...flow, jobs: { job: { rate: HOURLY } } } });
  await bench.addAll(queue, jobs(count + 1));
  const starts = await run(bench, queue);
  await starts.until(1);
  await bench.add(queue, { name: 'other', options: { jobId: 'passes' } });
  await bench.untilState(queue, 'passes', 'completed');
  return queue;
}

/** Whatever takes all jobs away that wait. */
const REMOVALS: Readonly<Record<string, (bench: BrokerBench, queue: Queue) => Promise<unknown>>> = {
  'empty()': (_bench, queue) => queue.empty(),
  'purge()': (bench, queue) => bench.broker.purge(queue),
  'clean()': (_bench, queue) => queue.clean(0, 'wait'),
  'removeJobs()': (_bench, queue) => queue.removeJobs('job-*'),
  'obliterate()': (_bench, queue) => queue.obliterate({ force: true }),
};

/** Jobs start no faster than the rates of their queue, name, key and tenant say. */
export const rateCases: readonly BrokerCase[] = [
  [
    'a queue starts its jobs in order, and no faster than its rate',
    async (bench) => {
      const queue = bench.open({ flow: { rate: { limit: 20, perMs: 1_000 } } });
      await bench.addAll(queue, jobs(12));
      const startedAt = performance.now();
      const starts = await run(bench, queue);
      expect(await starts.until(12)).toEqual(ids(12));
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      starts.expectRate(20, 1_000);
      for (const job of await queue.getCompleted()) expect(job.attemptsMade).toBe(0);
    },
  ],
  [
    'after a rest so many start at once as its burst says',
    async (bench) => {
      const queue = bench.open({ flow: { rate: { ...HOURLY, burst: 4 } } });
      await bench.addAll(queue, jobs(6));
      const starts = await run(bench, queue);
      await starts.until(4);
      await bench.anotherRuns();
      expect(starts.ids).toEqual(ids(4));
    },
  ],
  [
    'jobs of another name pass those whose rate is closed, at once, and these start in order once it opens',
    async (bench) => {
      const queue = bench.open({ flow: { jobs: { job: { rate: { limit: 10, perMs: 1_000 } } } } });
      await bench.addAll(queue, [...jobs(8), ...jobs(3, 'other')]);
      const starts = await run(bench, queue);
      await starts.until(4);
      expect(starts.ids.slice(0, 4).sort()).toEqual(['job-0', ...ids(3, 'other')]);
      // They are newer than those that wait.
      await bench.addAll(queue, jobs(2, 'job', 'late'));
      await starts.until(13);
      expect(starts.ids.filter((id) => !id.startsWith('other'))).toEqual([...ids(8), ...ids(2, 'late')]);
      for (const job of await queue.getCompleted()) expect(job.attemptsMade).toBe(0);
      expect((await bench.broker.snapshot(queue)).flow.rateClosedMs).toBeGreaterThan(500);
    },
  ],
  [
    'behind a closed rate the more important come first',
    async (bench) => {
      const queue = bench.open({ flow: { jobs: { job: { rate: { limit: 1, perMs: 400 } } } } });
      await bench.addAll(queue, jobs(4));
      const starts = await run(bench, queue);
      await starts.until(1);
      await bench.add(queue, { options: { jobId: 'critical', priority: 1 } });
      expect((await starts.until(3)).slice(0, 3)).toContain('critical');
      expect(starts.ids.indexOf('critical')).toBeLessThan(3);
    },
  ],
  [
    'a shared rate is one for all queues that name it',
    async (bench) => {
      const rate = defineRate(`provider-${Math.random()}`, { limit: 20, perMs: 1_000 });
      const starts = new Starts();
      for (const flow of [{ rate }, { jobs: { job: { rate } } }]) {
        const queue = bench.open({ flow });
        await bench.addAll(queue, jobs(8, 'job', queue.name));
        await run(bench, queue, undefined, starts);
      }
      await starts.until(16);
      starts.expectRate(20, 1_000);
    },
  ],
  [
    'a closed key sleeps, in order, and the others go on',
    async (bench) => {
      const queue = bench.open({ flow: { key: { rate: { limit: 1, perMs: 300 } } } });
      await bench.addAll(queue, [keyed('a', 'a-0'), keyed('a', 'a-1'), keyed('a', 'a-2'), keyed('b', 'b-0')]);
      const starts = await run(bench, queue);
      expect([...(await starts.until(2))].slice(0, 2).sort()).toEqual(['a-0', 'b-0']);
      await waitUntil(
        async () =>
          (await bench.broker.groupsOf(queue).list({ state: 'sleeping', cursor: null, limit: 10 })).groups
            .length > 0,
        'the key to sleep',
      );
      const { opensAt } = await bench.broker.groupsOf(queue).read({ gate: 'key', id: 'a' });
      expect(opensAt).toBeGreaterThan(bench.broker.now() - 1_000);
      await starts.until(4);
      expect(starts.ids.filter((id) => id.startsWith('a'))).toEqual(['a-0', 'a-1', 'a-2']);
    },
  ],
  [
    'a closed tenant sleeps, and the others go on',
    async (bench) => {
      const queue = bench.open({ flow: { tenant: { rate: HOURLY } } });
      const of = (tenant: string, jobId: string): { name: string; data: object; options: object } => ({
        name: 'job',
        data: {},
        options: { jobId, mq: { tenant } },
      });
      await bench.addAll(queue, [of('A', 'A-0'), of('A', 'A-1'), of('A', 'A-2'), of('B', 'B-0')]);
      const starts = await run(bench, queue);
      await starts.until(2);
      await bench.anotherRuns();
      expect([...starts.ids].sort()).toEqual(['A-0', 'B-0']);
      expect(await queue.getWaitingCount()).toBe(2);
    },
  ],
  [
    'under several rates a job starts once all let it, and spends none before',
    async (bench) => {
      const queue = bench.open({
        flow: { rate: { ...HOURLY, burst: 2 }, jobs: { job: { rate: HOURLY } } },
      });
      await bench.addAll(queue, [...jobs(3), ...jobs(2, 'other')]);
      const starts = await run(bench, queue);
      await starts.until(2);
      await bench.anotherRuns();
      expect([...starts.ids].sort()).toEqual(['job-0', 'other-0']);
    },
  ],
  [
    'a rate that a provider closes stays closed for all, and the job runs again first, without an attempt spent',
    async (bench) => {
      const queue = bench.open({
        flow: { jobs: { job: { rate: { limit: 1_000, perMs: 1_000, burst: 100 } } } },
      });
      await bench.addAll(queue, jobs(3));
      let closedAt = 0;
      const starts = await run(
        bench,
        queue,
        ({ job }) => {
          if (job.name !== 'job' || closedAt > 0) return completed();
          closedAt = performance.now();
          return { kind: 'deferred', delayMs: 600, reason: '429', closesRate: true };
        },
        undefined,
        1,
      );
      await starts.until(1);
      await bench.add(queue, { name: 'other', options: { jobId: 'passes' } });
      await bench.untilState(queue, 'passes', 'completed');
      expect(starts.ids).toEqual(['job-0', 'passes']);
      await starts.until(5);
      expect(performance.now() - closedAt).toBeGreaterThan(550);
      expect(starts.ids).toEqual(['job-0', 'passes', 'job-0', 'job-1', 'job-2']);
      await bench.untilState(queue, 'job-0', 'completed');
      expect((await queue.getJob('job-0'))?.attemptsMade).toBe(0);
    },
  ],
  [
    'a provider closes the rate of the queue where the name has none, and only the job where there is no rate',
    async (bench) => {
      const busy = { kind: 'deferred', delayMs: 3_600_000, reason: '429', closesRate: true } as const;
      const rated = bench.open({ flow: { rate: { limit: 100, perMs: 1_000, burst: 10 } } });
      await bench.addAll(rated, jobs(3));
      const starts = await run(bench, rated, () => busy, undefined, 1);
      await starts.until(1);
      const free = bench.open({ flow: { key: {} } });
      await bench.addAll(free, jobs(3));
      const others = await run(
        bench,
        free,
        ({ job }) => (job.id === 'job-0' ? busy : completed()),
        undefined,
        1,
      );
      await others.until(3);
      expect(await free.getDelayedCount()).toBe(1);
      expect(starts.ids).toEqual(['job-0']);
      expect((await rated.getWaiting()).map(({ id }) => id).reverse()).toEqual(ids(3).reverse());
    },
  ],
  [
    'jobs that wait for a rate are counted, listed, removed and cancelled like others',
    async (bench) => {
      const queue = await behindRate(bench, 4);
      const { broker } = bench;
      expect(await queue.getWaitingCount()).toBe(4);
      expect((await queue.getJobCounts()).waiting).toBe(4);
      const { waiting, flow } = await broker.snapshot(queue);
      expect([waiting, flow.sleeping]).toEqual([4, 1]);
      expect((await queue.getJobs(['waiting'], 0, -1, true)).map(({ id }) => id)).toEqual(ids(5).slice(1));
      const first = await queue.getJob('job-1');
      expect(await first?.getState()).toBe('waiting');
      await first?.remove();
      await broker.cancel(queue, 'job-2', 'no longer');
      await bench.untilState(queue, 'job-2', 'failed');
      expect((await queue.getWaiting()).map(({ id }) => id).sort()).toEqual(['job-3', 'job-4']);
      expect(await queue.getWaitingCount()).toBe(2);
    },
  ],
  [
    'jobs that wait for a rate fill the queue',
    async (bench) => {
      const queue = bench.open({ maxWaiting: 3, flow: { jobs: { job: { rate: HOURLY } } } });
      await bench.addAll(queue, jobs(1));
      const starts = await run(bench, queue);
      await starts.until(1);
      await bench.addAll(queue, jobs(3, 'job', 'more'));
      await bench.anotherRuns();
      await expect(bench.add(queue)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    },
  ],
  [
    'whatever removes all jobs that wait removes those that wait for a rate',
    async (bench) => {
      for (const [how, remove] of Object.entries(REMOVALS)) {
        const queue = await behindRate(bench, 3);
        // Cleaned is what is older than a moment.
        await waitUntil(() => Date.now() % 10 > 4, 'a moment');
        await remove(bench, queue);
        expect([how, await queue.getWaitingCount()]).toEqual([how, 0]);
        expect([how, await queue.getJob('job-2')]).toEqual([how, null]);
      }
    },
  ],
];
