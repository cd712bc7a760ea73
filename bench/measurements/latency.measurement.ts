import { setTimeout as sleep } from 'node:timers/promises';
import { chatMessage } from '../chat-message.js';
import type { Measurement } from '../measurement.js';
import type { Stage } from '../process/stage.js';
import type { Reading } from '../reading.js';
import { percentile } from '../statistics.js';
import { ON_REDIS } from '../subjects.js';

/** Not measured: the connections are new. */
const AHEAD = 100;

/** Adds jobs at a steady rate. Measures milliseconds from the call of `add` to the start of the handler. */
async function latencyTrial(stage: Stage, perSecond: number, count: number): Promise<Reading[]> {
  const jobs = AHEAD + stage.jobs(count);
  const {
    queues: [queue],
  } = await stage.open();
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
    const wait = startedAt + (n * 1_000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    const message = chatMessage(n);
    addedAt.set(message.messageId, performance.now());
    adds.push(queue.add(message));
  }
  await Promise.all([finished, ...adds]);
  await stop();
  const counted = measured.slice(AHEAD);
  return [
    { row: 'p50', unit: 'ms', value: percentile(counted, 50) },
    { row: 'p99', unit: 'ms', value: percentile(counted, 99) },
  ];
}

function latencyAt(id: string, perSecond: number, count: number): Measurement {
  return {
    id,
    title: `from add to handler at ${perSecond} jobs/s`,
    subjects: ON_REDIS,
    trial: (stage) => latencyTrial(stage, perSecond, count),
  };
}

/** How soon a handler starts when the queue is nearly idle, and under load. */
export const latencyMeasurements: readonly Measurement[] = [
  latencyAt('latency-200', 200, 500),
  latencyAt('latency-1000', 1_000, 2_000),
];
