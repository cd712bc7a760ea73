import { Redis } from 'ioredis';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { JobResult } from '../../src/message-queue/jobs/job-result.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import type { Settlement } from '../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../src/message-queue/jobs/taken-job.js';

/** What the process is started with. */
export interface OrderedHostSettings {
  readonly port: number;
  readonly prefix: string;
}

class AnyPayload {}

/** The queue of the process: jobs of one key run one after the other. */
export const ORDERED_QUEUE = {
  ...defineQueue({
    name: 'ordered',
    description: 'Messages of conversations.',
    jobs: { send: AnyPayload },
    concurrency: 6,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 200 },
    timeoutMs: 5_000,
  }),
  flow: { key: {} },
};

/** Locks that expire soon, so that the test need not wait. */
const ORDERED_LOCK = { durationMs: 1_000, renewMs: 250, stalledCheckMs: 200 };

/** Where the process writes down `start <id>`, `fail <id>` and `end <id>`. */
export const eventsKey = (prefix: string): string => `${prefix}:events`;

const BACKOFF_MS = 200;
const RUN_MS = 20;

/** A process that works on the queue until it is killed. */
async function main(): Promise<void> {
  const { port, prefix } = JSON.parse(process.argv[2] ?? '{}') as OrderedHostSettings;
  process.on('disconnect', () => process.exit(1));
  const record = new Redis(port, '127.0.0.1');
  const note = (what: string, { job }: TakenJob): Promise<number> =>
    record.rpush(eventsKey(prefix), `${what} ${String(job.id)}`);
  const broker = new RedisBroker({
    redis: { topology: { kind: 'single', host: '127.0.0.1', port }, db: 0, tls: false },
    prefix,
    lock: ORDERED_LOCK,
    onProblem: (problem) => console.error(problem),
  });
  const run = async (taken: TakenJob): Promise<Settlement> => {
    await note('start', taken);
    await new Promise((resolve) => setTimeout(resolve, RUN_MS));
    const { attemptsMade, data } = taken.job;
    if ((data as { readonly failsOnce: boolean }).failsOnce && attemptsMade === 0) {
      await note('fail', taken);
      return failedOnce();
    }
    await note('end', taken);
    return { kind: 'completed', result: JobResult.nothing };
  };
  await broker.work(broker.createQueue(ORDERED_QUEUE), ORDERED_QUEUE.concurrency, run);
}

function failedOnce(): Settlement {
  const error = new Error('not yet');
  const failure = {
    at: Date.now(),
    attempt: 1,
    kind: 'error',
    error: error.name,
    message: error.message,
  } as const;
  return { kind: 'failed', error, retryDelayMs: BACKOFF_MS, failure };
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
