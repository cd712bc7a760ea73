import { setTimeout as sleep } from 'node:timers/promises';
import { chatMessage } from '../chat-message.js';
import type { Measurement, ResultRow } from '../measurement.js';
import { percentile } from '../statistics.js';
import type { BenchQueue } from '../subject.js';
import { interleaved } from './interleaved.js';

const JOBS_PER_SECOND = 200;
const WARM_UP = 50;

/** Adds jobs at a steady rate. @returns milliseconds from the call of `add` to the start of the handler, per job */
async function latencies(queue: BenchQueue, jobs: number): Promise<number[]> {
  const addedAt = new Map<string, number>();
  const measured: number[] = [];
  let report: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (report = resolve));
  const stop = await queue.work(({ messageId }) => {
    measured.push(performance.now() - (addedAt.get(messageId) ?? Number.NaN));
    if (measured.length === jobs) report();
  });
  const startedAt = performance.now();
  const adds: Promise<unknown>[] = [];
  for (let n = 0; n < jobs; n++) {
    const wait = startedAt + (n * 1000) / JOBS_PER_SECOND - performance.now();
    if (wait > 0) await sleep(wait);
    const message = chatMessage(n);
    addedAt.set(message.messageId, performance.now());
    adds.push(queue.add(message, 'default'));
  }
  await Promise.all([finished, ...adds]);
  await stop();
  return measured.slice(WARM_UP);
}

/** How soon a handler starts when the queue is nearly idle. */
export const latencyMeasurement: Measurement = {
  id: 'latency',
  async run(context, subjects): Promise<ResultRow[]> {
    const jobs = WARM_UP + context.jobs(1_000);
    const p99s = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
    const title = `latency at ${JOBS_PER_SECOND} jobs/s`;
    const p50 = await interleaved(
      context,
      subjects,
      { what: title, concurrency: 10 },
      async (queue, { name }) => {
        const measured = await latencies(queue, jobs);
        p99s.get(name)?.push(percentile(measured, 99));
        return percentile(measured, 50);
      },
    );
    const p99 = [...p99s].map(([subject, values]) => ({ subject, values }));
    return [
      { title: `${title}, p50`, unit: 'ms', samples: p50 },
      { title: `${title}, p99`, unit: 'ms', samples: p99 },
    ];
  },
};
