import { defineRate } from '../../../src/message-queue/jobs/flow/rate.js';
import type { SharedRate } from '../../../src/message-queue/jobs/flow/rate.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { waitUntil } from '../../support/wait-until.js';
import { completed } from './broker-bench.js';
import type { BrokerBench, BrokerCase } from './broker-bench.js';

const HOURLY = { limit: 1, perMs: 3_600_000 };
const CATCH_UP_MS = 50;
/** How much later than Redis a test sees that a job starts, milliseconds. */
const JITTER_MS = 40;

const ids = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

/** Jobs that ask a rate when they run. */
class Askers {
  /** When each started, milliseconds. */
  readonly starts = new Map<string, number>();
  readonly runs = new Map<string, number>();
  /** A job that is refused by the provider once, for so long. */
  refused: { readonly id: string; readonly ms: number } | null = null;
  closedAt = Number.NaN;

  constructor(
    private readonly bench: BrokerBench,
    private readonly rate: SharedRate,
  ) {}

  async work(count: number, concurrency = 4): Promise<void> {
    const queue = this.bench.open();
    await this.bench.addAll(
      queue,
      ids(count, queue.name).map((jobId) => ({ name: 'job', data: {}, options: { jobId } })),
    );
    await this.bench.work(queue, (taken) => this.run(taken), concurrency);
  }

  async untilStarted(count: number): Promise<void> {
    await waitUntil(() => this.starts.size >= count, `${count} jobs to start`);
  }

  private async run({ job }: TakenJob): Promise<Settlement> {
    const id = String(job.id);
    const { rates } = this.bench.broker;
    expect(job.attemptsMade).toBe(0);
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    const waitMs = await rates.reserve(this.rate, id);
    if (waitMs > 0) return { kind: 'deferred', delayMs: waitMs, reason: 'no token' };
    const { refused } = this;
    if (refused?.id === id) {
      this.refused = null;
      this.closedAt = performance.now();
      await rates.close(this.rate, refused.ms);
      return { kind: 'deferred', delayMs: await rates.reserve(this.rate, id), reason: '429' };
    }
    this.starts.set(id, performance.now());
    return completed();
  }
}

/** Jobs that know only while they run which shared rate they are under. */
export const rateTokenCases: readonly BrokerCase[] = [
  [
    'jobs of two queues share one bucket: each is told its own time, and starts then',
    async (bench) => {
      const rate = defineRate(`provider-${Math.random()}`, { limit: 5, perMs: 1_000 });
      const askers = new Askers(bench, rate);
      await Promise.all([askers.work(5), askers.work(5)]);
      await askers.untilStarted(10);
      const at = [...askers.starts.values()].sort((a, b) => a - b);
      for (const [i, from] of at.entries()) {
        for (const [more, to] of at.slice(i).entries()) {
          expect(more + 1).toBeLessThanOrEqual(1 + (to - from + CATCH_UP_MS + JITTER_MS) / 200);
        }
      }
      // A machine that is busy makes one of them late for its time: it needs one more. A herd would need five on average.
      const runs = [...askers.runs.values()].sort((a, b) => a - b);
      expect(runs[0]).toBe(1);
      expect(runs[7]).toBeLessThanOrEqual(2);
      expect(runs[9]).toBeLessThanOrEqual(4);
    },
  ],
  [
    'times are one cost apart, and kept for who asks again',
    async (bench) => {
      const { rates } = bench.broker;
      const rate = defineRate('provider', { limit: 6, perMs: 3_600_000, burst: 2 });
      const told: number[] = [];
      for (const id of ids(5, 'a')) told.push(await rates.reserve(rate, id));
      expect(told.slice(0, 2)).toEqual([0, 0]);
      const expected = [600_000, 1_200_000, 1_800_000];
      for (const [i, ms] of expected.entries()) {
        expect(told[i + 2]).toBeLessThanOrEqual(ms);
        expect(told[i + 2]).toBeGreaterThan(ms - 30_000);
      }
      const again = await rates.reserve(rate, 'a-3');
      expect(again).toBeLessThanOrEqual(1_200_000);
      expect(again).toBeGreaterThan(1_200_000 - 30_000);
      // It took no further place.
      expect(await rates.reserve(rate, 'next')).toBeLessThanOrEqual(2_400_000);
    },
  ],
  [
    'it is the bucket of the queues that name the rate',
    async (bench) => {
      const rate = defineRate('provider', HOURLY);
      expect(await bench.broker.rates.reserve(rate, 'by-hand')).toBe(0);
      const queue = bench.open({ flow: { jobs: { job: { rate } } } });
      await bench.add(queue, { options: { jobId: 'waits' } });
      const { runs } = await bench.work(queue);
      await bench.add(queue, { name: 'other', options: { jobId: 'passes' } });
      await bench.untilState(queue, 'passes', 'completed');
      expect(runs).toEqual(['passes']);
    },
  ],
  [
    'a provider that takes no more closes the rate for all, also for those who have a time',
    async (bench) => {
      const rate = defineRate(`provider-${Math.random()}`, { limit: 10, perMs: 1_000 });
      const askers = new Askers(bench, rate);
      askers.refused = { id: 'work-1-0', ms: 700 };
      await Promise.all([askers.work(3, 1), askers.work(3)]);
      await askers.untilStarted(6);
      const after = [...askers.starts.values()].filter((at) => at > askers.closedAt);
      expect(after.length).toBeGreaterThan(0);
      for (const at of after) expect(at - askers.closedAt).toBeGreaterThan(690);
    },
  ],
  [
    'it is never closed for shorter than it is already',
    async (bench) => {
      const { rates } = bench.broker;
      const rate = defineRate('provider', { limit: 1_000, perMs: 1_000, burst: 50 });
      await rates.close(rate, 60_000);
      await rates.close(rate, 1_000);
      expect(await rates.reserve(rate, 'a')).toBeGreaterThan(50_000);
    },
  ],
];
