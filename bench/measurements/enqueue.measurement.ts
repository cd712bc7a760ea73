import { chatMessage, chatMessages } from '../chat-message.js';
import type { Measurement } from '../measurement.js';
import type { BenchQueue } from '../subject.js';
import { interleaved, perSecond } from './interleaved.js';

async function oneByOne(queue: BenchQueue, jobs: number): Promise<void> {
  for (let n = 0; n < jobs; n++) await queue.add(chatMessage(n), 'default');
}

async function concurrently(queue: BenchQueue, jobs: number, producers: number): Promise<void> {
  let next = 0;
  const produce = async (): Promise<void> => {
    while (next < jobs) await queue.add(chatMessage(next++), 'default');
  };
  await Promise.all(Array.from({ length: producers }, produce));
}

async function inBulk(queue: BenchQueue, jobs: number, size: number): Promise<void> {
  for (let n = 0; n < jobs; n += size) {
    await queue.addBulk(chatMessages(n, Math.min(size, jobs - n)), 'default');
  }
}

function enqueue(
  id: string,
  title: string,
  count: number,
  add: (queue: BenchQueue, jobs: number) => Promise<void>,
): Measurement {
  return {
    id,
    async run(context, subjects) {
      const jobs = context.jobs(count);
      const samples = await interleaved(
        context,
        subjects,
        { what: title, concurrency: 10 },
        async (queue) => {
          await add(queue, Math.ceil(jobs / 10));
          const startedAt = performance.now();
          await add(queue, jobs);
          return perSecond(jobs, startedAt);
        },
      );
      return [{ title, unit: 'jobs/s', samples }];
    },
  };
}

/** How fast jobs are added. A tenth of them goes ahead to warm up. */
export const enqueueMeasurements: readonly Measurement[] = [
  enqueue('enqueue-one-by-one', 'enqueue, one by one', 4_000, oneByOne),
  enqueue('enqueue-concurrent', 'enqueue, 100 concurrent', 20_000, (queue, jobs) =>
    concurrently(queue, jobs, 100),
  ),
  enqueue('enqueue-bulk', 'enqueue, bulk of 1000', 20_000, (queue, jobs) => inBulk(queue, jobs, 1_000)),
];
