import { chatMessage, chatMessages } from '../chat-message.js';
import type { Measurement } from '../measurement.js';
import type { Stage } from '../process/stage.js';
import type { AddOptions, BenchQueue } from '../subject.js';
import { CONTESTANTS, ON_REDIS, SUBJECTS } from '../subjects.js';
import type { SubjectEntry } from '../subjects.js';

/** Adds of one kind. */
interface Adds {
  readonly id: string;
  readonly title: string;
  readonly jobs: number;
  /** Adds under way at the same time; `bulk`: a thousand jobs per call. */
  readonly way: number | 'bulk';
  readonly bytes?: number;
  readonly keyed?: boolean;
  /** Over which the adds are spread, in turn. */
  readonly queues?: number;
  readonly mostRounds?: number;
  readonly subjects?: readonly SubjectEntry[];
}

const BULK = 1_000;
const METRICS_CALLS = 20;

async function add(
  queues: readonly [BenchQueue, ...BenchQueue[]],
  from: number,
  to: number,
  adds: Adds,
): Promise<void> {
  const { way, bytes, keyed } = adds;
  const queueOf = (n: number): BenchQueue => queues[n % queues.length] ?? queues[0];
  if (way === 'bulk') {
    for (let n = from; n < to; n += BULK) {
      await queueOf(n).addBulk(chatMessages(n, Math.min(BULK, to - n), bytes));
    }
    return;
  }
  const options = (n: number): AddOptions | undefined => (keyed === true ? { key: `key-${n}` } : undefined);
  let next = from;
  const produce = async (): Promise<void> => {
    for (let n = next++; n < to; n = next++) await queueOf(n).add(chatMessage(n, bytes), options(n));
  };
  await Promise.all(Array.from({ length: way }, produce));
}

/** As many go ahead as are measured: connections, scripts and compiled code are there when the clock starts. */
async function enqueueTrial(stage: Stage, adds: Adds) {
  const host = await stage.open({ queues: adds.queues });
  const jobs = stage.jobs(adds.jobs);
  const ahead = jobs;
  await add(host.queues, 0, ahead, adds);
  const stop = stage.meter();
  await add(host.queues, ahead, ahead + jobs, adds);
  const readings = await stop(jobs);
  if (adds.queues === undefined) return readings;
  const calls = stage.calls();
  const startedAt = performance.now();
  for (let n = 0; n < METRICS_CALLS; n++) await host.metrics();
  const ms = (performance.now() - startedAt) / METRICS_CALLS;
  const sent = (stage.calls() - calls) / METRICS_CALLS;
  return [
    ...readings,
    { row: 'metrics of all queues', unit: 'ms', value: ms } as const,
    { row: 'sent for the metrics', unit: 'calls', value: sent } as const,
  ];
}

function enqueue(adds: Adds): Measurement {
  const { id, title, mostRounds, subjects = ON_REDIS } = adds;
  return { id, title, mostRounds, subjects, trial: (stage) => enqueueTrial(stage, adds) };
}

/** How fast jobs are added, and at what cost. */
export const enqueueMeasurements: readonly Measurement[] = [
  enqueue({
    id: 'enqueue-1',
    title: 'enqueue, one by one',
    jobs: 5_000,
    way: 1,
    subjects: CONTESTANTS,
  }),
  enqueue({
    id: 'enqueue-100',
    title: 'enqueue, 100 concurrent',
    jobs: 20_000,
    way: 100,
    subjects: SUBJECTS,
  }),
  enqueue({
    id: 'enqueue-bulk',
    title: 'enqueue, bulk of 1000',
    jobs: 30_000,
    way: 'bulk',
    subjects: SUBJECTS,
  }),
  enqueue({ id: 'enqueue-50kb', title: 'enqueue 50 kB, one by one', jobs: 800, way: 1, bytes: 50_000 }),
  enqueue({
    id: 'enqueue-keyed',
    title: 'enqueue under a key, 100 concurrent',
    jobs: 5_000,
    way: 100,
    keyed: true,
  }),
  ...[6, 100].map((queues) =>
    enqueue({
      id: `queues-${queues}`,
      title: `enqueue over ${queues} queues, 100 concurrent`,
      jobs: 6_000,
      way: 100,
      queues,
      mostRounds: 3,
    }),
  ),
];
