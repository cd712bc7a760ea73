import { Redis } from 'ioredis';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { JobResult } from '../../src/message-queue/jobs/job-result.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';

/** What the process is started with. */
export interface AheadHostSettings {
  readonly port: number;
  readonly prefix: string;
  readonly concurrency: number;
  /** The job that kills the process; none: it works until somebody else does. */
  readonly deadly?: string;
}

class AnyPayload {}

/** The queue of the process. */
export const AHEAD_QUEUE = defineQueue({
  name: 'ahead',
  description: 'Short jobs, of which some are taken ahead.',
  jobs: { short: AnyPayload },
  concurrency: 10,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 50 },
  timeoutMs: 5_000,
});

/** Locks that expire soon, so that the test need not wait. */
export const AHEAD_LOCK = { durationMs: 1_000, renewMs: 250, stalledCheckMs: 200 };

/** Where the ids of the jobs that began stand, in order. */
export const begunKey = (prefix: string): string => `${prefix}:begun`;

/** A process that runs short jobs, and writes down which began, until it is killed. */
async function main(): Promise<void> {
  const { port, prefix, concurrency, deadly } = JSON.parse(process.argv[2] ?? '{}') as AheadHostSettings;
  process.on('disconnect', () => process.exit(1));
  const record = new Redis(port, '127.0.0.1');
  await record.ping();
  const broker = new RedisBroker({
    redis: { topology: { kind: 'single', host: '127.0.0.1', port }, db: 0, tls: false },
    prefix,
    lock: AHEAD_LOCK,
    onProblem: (problem) => console.error(problem),
  });
  await broker.work(broker.createQueue(AHEAD_QUEUE), concurrency, (taken) => {
    const id = String(taken.job.id);
    void record.rpush(begunKey(prefix), id);
    if (id === deadly) process.kill(process.pid, 'SIGKILL');
    return Promise.resolve({ kind: 'completed', result: JobResult.nothing });
  });
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
