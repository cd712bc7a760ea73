import { chatMessages } from '../chat-message.js';
import type { Measurement } from '../measurement.js';
import type { BenchQueue, Importance } from '../subject.js';
import { interleaved } from './interleaved.js';

const BULK = 1_000;

/** Puts jobs into a queue that nobody works on. */
export async function fill(
  queue: BenchQueue,
  jobs: number,
  importance: Importance = 'default',
): Promise<void> {
  for (let n = 0; n < jobs; n += BULK) {
    await queue.addBulk(chatMessages(n, Math.min(BULK, jobs - n)), importance);
  }
}

/** Works off `jobs` jobs. @returns jobs per second between the first and the last handler call */
export async function drain(queue: BenchQueue, jobs: number): Promise<number> {
  let handled = 0;
  let firstAt = 0;
  let report: (jobsPerSecond: number) => void = () => undefined;
  const finished = new Promise<number>((resolve) => (report = resolve));
  const stop = await queue.work(() => {
    handled += 1;
    if (handled === 1) firstAt = performance.now();
    if (handled === jobs) report(((jobs - 1) / (performance.now() - firstAt)) * 1000);
  });
  const jobsPerSecond = await finished;
  await stop();
  return jobsPerSecond;
}

function drainAt(concurrency: number, count: number): Measurement {
  const title = `drain no-op jobs, concurrency ${concurrency}`;
  return {
    id: `drain-${concurrency}`,
    async run(context, subjects) {
      const jobs = context.jobs(count);
      const samples = await interleaved(
        context,
        subjects,
        { what: title, concurrency },
        async (queue, subject) => {
          // In a process's memory the same number of jobs is gone before the clock has ticked.
          const own = subject.inProcess ? jobs * 10 : jobs;
          await fill(queue, own);
          return drain(queue, own);
        },
      );
      return [{ title, unit: 'jobs/s', samples }];
    },
  };
}

/** How fast jobs whose handler does nothing are worked off. */
export const drainMeasurements: readonly Measurement[] = [
  drainAt(1, 4_000),
  drainAt(10, 10_000),
  drainAt(50, 10_000),
];
