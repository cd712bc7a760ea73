import type { Queue } from 'bull';
import { defineRate } from '../../src/message-queue/jobs/flow/rate.js';
import { addAll } from './add-all.js';
import { completed, testQueue } from './redis-broker-fixture.js';
import type { RedisStage } from './redis-stage.js';
import { waitUntil } from './wait-until.js';

const PER_SECOND = 10;
const QUEUES = ['messages', 'notices'];
const WORKERS = 3;

/** How two queues fared that share a rate of ten a second, with a worker of each on three connections of their own. */
export interface SharedRate {
  /** Jobs under the rate that started. */
  readonly starts: number;
  /** The most of them in any second. */
  readonly mostInASecond: number;
  /** Attempts that they spent. */
  readonly attempts: number;
  readonly scriptsPerSecond: number;
  /** How long jobs of a name without a rate waited, behind those under it; milliseconds. */
  readonly othersWaitedMs: readonly number[];
}

/** Works for so many seconds. */
export async function shareARate(stage: RedisStage, seconds: number): Promise<SharedRate> {
  const rate = defineRate('provider', { limit: PER_SECOND, perMs: 1_000 });
  const { jobs } = testQueue();
  const definitions = QUEUES.map((name) =>
    testQueue(name, { jobs: { ...jobs, other: Object }, flow: { jobs: { job: { rate } } } }),
  );
  const starts: number[] = [];
  const others = new Map<string, number>();
  let attempts = 0;
  const queues: Queue[] = [];
  for (let worker = 0; worker < WORKERS; worker += 1) {
    const broker = stage.fixture.broker();
    for (const definition of definitions) {
      const queue = broker.createQueue(definition);
      if (worker === 0) {
        queues.push(queue);
        const backlog = Array.from({ length: PER_SECOND * seconds }, () => ({
          name: 'job',
          data: {},
          options: {},
        }));
        await addAll(broker, queue, backlog);
      }
      await broker.work(queue, 5, async ({ job }) => {
        attempts += job.attemptsMade;
        if (job.name === 'job') starts.push(job.processedOn ?? 0);
        else others.set(String(job.id), performance.now() - (others.get(String(job.id)) ?? 0));
        return completed();
      });
    }
  }
  await waitUntil(() => starts.length > 0, 'the first job to start');
  const from = Math.min(...starts);
  await stage.client.config('RESETSTAT');
  const resetAt = performance.now();
  const until = (second: number): Promise<unknown> =>
    waitUntil(() => performance.now() - resetAt >= second * 1_000, 'time to pass', seconds * 2_000 + 30_000);
  for (const [i, queue] of queues.entries()) {
    await until((i + 1) * (seconds / 3));
    const id = `other-${i}`;
    others.set(id, performance.now());
    await queue.add('other', {}, { jobId: id });
  }
  await until(seconds);
  const [, calls = '0'] = /cmdstat_evalsha:calls=(\d+)/.exec(await stage.client.info('commandstats')) ?? [];
  const tookMs = performance.now() - resetAt;
  const counted = starts.filter((at) => at - from < seconds * 1_000).sort((a, b) => a - b);
  const inSecond = (at: number): number =>
    counted.filter((other) => other >= at && other < at + 1_000).length;
  return {
    starts: counted.length,
    mostInASecond: Math.max(...counted.map(inSecond)),
    attempts,
    scriptsPerSecond: (Number(calls) * 1_000) / tookMs,
    othersWaitedMs: [...others.values()],
  };
}
