import type { ChildProcess } from 'node:child_process';
import type { Measurement } from '../measurement.js';
import { redisCounters } from '../process/redis-counters.js';
import type { Stage } from '../process/stage.js';
import type { Reading } from '../reading.js';
import type { BenchQueue } from '../subject.js';
import { ON_REDIS } from '../subjects.js';
import { fill } from './drain.measurement.js';

const JOBS = 8_000;
const REPORT_MS = 10;

/** What a worker process has done. */
interface Progress {
  readonly handled: number;
  /** Of its first and its last job, milliseconds since the epoch with fractions. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Microseconds of its CPU since its worker was started. */
  readonly cpuMicros: number;
}

const now = (): number => performance.timeOrigin + performance.now();

async function work(queue: BenchQueue) {
  const cpu = process.cpuUsage();
  let [handled, firstAt, lastAt] = [0, Infinity, 0];
  const stop = await queue.work(() => {
    lastAt = now();
    if (handled === 0) firstAt = lastAt;
    handled += 1;
  });
  const progress = (): Progress => {
    const { user, system } = process.cpuUsage(cpu);
    return { handled, firstAt, lastAt, cpuMicros: user + system };
  };
  return { stop, progress };
}

/** Works on the queue that the first process names, and reports every 10 ms. */
async function assist(stage: Stage): Promise<void> {
  process.once('message', (queueName: string) => {
    void stage.open({ queueNames: [queueName] }).then(({ queues: [queue] }) => {
      process.once('message', () => {
        void work(queue).then(({ progress }) => setInterval(() => process.send?.(progress()), REPORT_MS));
      });
      process.send?.('ready');
    });
  });
  process.send?.('loaded');
  await Promise.resolve();
}

function told(assistant: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('The second worker process ended.'));
    assistant.once('exit', ended);
    assistant.once('message', (message) => {
      assistant.removeListener('exit', ended);
      resolve(message);
    });
  });
}

async function trial(stage: Stage): Promise<Reading[]> {
  const jobs = stage.jobs(JOBS);
  const queueName = `shared-${process.pid}-${Math.round(now())}`;
  const assistant = stage.assistant();
  try {
    await told(assistant);
    const {
      queues: [queue],
    } = await stage.open({ queueNames: [queueName] });
    await fill(queue, jobs);
    assistant.send(queueName);
    await told(assistant);
    let theirs: Progress = { handled: 0, firstAt: Infinity, lastAt: 0, cpuMicros: 0 };
    assistant.on('message', (progress: Progress) => (theirs = progress));
    const before = await redisCounters(stage.redis);
    assistant.send('go');
    const own = await work(queue);
    while (own.progress().handled + theirs.handled < jobs) await told(assistant);
    const mine = own.progress();
    const after = await redisCounters(stage.redis);
    await own.stop();
    const ms = Math.max(mine.lastAt, theirs.lastAt) - Math.min(mine.firstAt, theirs.firstAt);
    return [
      { row: '', unit: 'jobs/s', value: (jobs / ms) * 1_000 },
      { row: 'CPU of Node per job', unit: 'µs', value: (mine.cpuMicros + theirs.cpuMicros) / jobs },
      { row: 'CPU of Redis per job', unit: 'µs', value: (after.cpuMicros - before.cpuMicros) / jobs },
      { row: 'Redis commands per job', unit: 'commands', value: (after.commands - before.commands) / jobs },
    ];
  } finally {
    assistant.kill('SIGKILL');
  }
}

/** Two processes that share a queue's jobs. */
export const twoWorkersMeasurement: Measurement = {
  id: 'drain-two-processes',
  title: 'drain, two processes, concurrency 10 each',
  subjects: ON_REDIS,
  mostRounds: 3,
  trial,
  assist,
};
