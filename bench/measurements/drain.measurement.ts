import { chatMessages } from '../chat-message.js';
import type { Measurement } from '../measurement.js';
import type { Stage } from '../process/stage.js';
import type { Reading } from '../reading.js';
import type { BenchQueue } from '../subject.js';
import { ON_REDIS, SUBJECTS } from '../subjects.js';
import type { SubjectEntry } from '../subjects.js';

/** Bytes of messages per call while a queue is filled. */
const FILL_BYTES = 300_000;

/** Puts jobs into a queue that nobody works on. */
export async function fill(queue: BenchQueue, jobs: number, bytes = 300, level?: number): Promise<void> {
  const size = Math.max(1, Math.floor(FILL_BYTES / bytes));
  for (let n = 0; n < jobs; n += size) {
    await queue.addBulk(chatMessages(n, Math.min(size, jobs - n), bytes), level);
  }
}

/** Jobs worked off. */
interface Drain {
  readonly id: string;
  readonly title: string;
  readonly jobs: number;
  readonly concurrency: number;
  readonly bytes?: number;
  /** Whether each fails once, and runs again without delay. */
  readonly fails?: boolean;
  readonly subjects?: readonly SubjectEntry[];
}

/** Lets a worker run until `jobs` more have ended; as many go ahead, so that the clock starts when the worker is warm. */
async function drainTrial(
  stage: Stage,
  { jobs: count, concurrency, bytes, fails }: Drain,
): Promise<Reading[]> {
  const host = await stage.open({ concurrency, ...(fails === true && { attempts: 2 }) });
  // In a process's memory the same number of jobs is gone before the clock has ticked.
  const jobs = stage.jobs(count) * (stage.inProcess ? 10 : 1);
  const ahead = jobs;
  const [queue] = host.queues;
  await fill(queue, ahead + jobs, bytes);
  // A job that fails once has run twice; its first run comes before the second of all that were there.
  const [total, runsPerJob] = [ahead + jobs, fails === true ? 2 : 1];
  let [runs, ended] = [0, 0];
  let stopMeter = stage.meter();
  const failedOnce = new Set<string>();
  let report: (readings: Promise<Reading[]>) => void = () => undefined;
  const finished = new Promise<Reading[]>((resolve) => (report = resolve));
  const stop = await queue.work(({ messageId }) => {
    runs += 1;
    if (runs === ahead) stopMeter = stage.meter();
    if (fails === true && !failedOnce.has(messageId)) {
      failedOnce.add(messageId);
      throw new Error('connect ECONNREFUSED 10.0.0.7:25');
    }
    ended += 1;
    if (ended === total) report(stopMeter(total - ahead / runsPerJob));
  });
  const readings = await finished;
  await stop();
  return readings;
}

function drain(how: Drain): Measurement {
  const { id, title, subjects = ON_REDIS } = how;
  return { id, title, subjects, trial: (stage) => drainTrial(stage, how) };
}

/** How fast jobs whose handler does nothing are worked off, and at what cost. */
export const drainMeasurements: readonly Measurement[] = [
  drain({ id: 'drain-1', title: 'drain no-op jobs, concurrency 1', jobs: 5_000, concurrency: 1 }),
  drain({
    id: 'drain-10',
    title: 'drain, concurrency 10',
    jobs: 15_000,
    concurrency: 10,
    subjects: SUBJECTS,
  }),
  drain({ id: 'drain-50', title: 'drain, concurrency 50', jobs: 15_000, concurrency: 50 }),
  drain({
    id: 'drain-50kb',
    title: 'drain 50 kB, concurrency 10',
    jobs: 800,
    concurrency: 10,
    bytes: 50_000,
  }),
  drain({
    id: 'drain-failing',
    title: 'drain, each job fails once, concurrency 10',
    jobs: 3_000,
    concurrency: 10,
    fails: true,
  }),
];
