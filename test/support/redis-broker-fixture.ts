import type { QueueWorker } from '../../src/message-queue/broker/broker.js';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import type {
  BrokerProblem,
  RedisBrokerOptions,
} from '../../src/message-queue/broker/redis/redis-broker.options.js';
import { JobResult } from '../../src/message-queue/jobs/job-result.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import type { QueueDefinition } from '../../src/message-queue/jobs/queue-definition.js';
import type { Settlement } from '../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../src/message-queue/jobs/taken-job.js';
import type { Queue } from 'bull';
import type { TestRedis } from './redis-server.js';

/** The deadline of a test's adds in milliseconds: it only ends hangs, since a busy machine is slow. */
export const ADD_TIMEOUT_MS = 30_000;

class AnyPayload {}

let prefixes = 0;

/** A queue with one job name, `job`. */
export function testQueue(name = 'work', over: Partial<QueueDefinition> = {}): QueueDefinition {
  return defineQueue({
    name,
    description: 'A queue of a test.',
    jobs: { job: AnyPayload },
    concurrency: 3,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 50 },
    timeoutMs: 5_000,
    minRepeatMs: 50,
    ...over,
  });
}

/** Brokers of one test over one server, with a key prefix of their own; `close()` closes them all. */
export class BrokerFixture {
  readonly prefix = `t${process.pid}-${(prefixes += 1)}`;
  readonly problems: BrokerProblem[] = [];
  private readonly brokers: RedisBroker[] = [];

  constructor(private readonly redis: Pick<TestRedis, 'port'>) {}

  broker(over: Partial<RedisBrokerOptions> = {}): RedisBroker {
    const broker = new RedisBroker({
      redis: { topology: { kind: 'single', host: '127.0.0.1', port: this.redis.port }, db: 0, tls: false },
      prefix: this.prefix,
      enqueueTimeoutMs: ADD_TIMEOUT_MS,
      onProblem: (problem) => this.problems.push(problem),
      ...over,
    });
    this.brokers.push(broker);
    return broker;
  }

  async close(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.close()));
  }
}

/** One run as a test saw it. */
export interface SeenRun {
  readonly id: string;
  readonly data: unknown;
  readonly attemptsMade: number;
  readonly taken: TakenJob;
}

/** Works on a queue and notes every run. */
export async function workOn(
  broker: RedisBroker,
  queue: Queue,
  end: (taken: TakenJob) => Settlement | Promise<Settlement> = () => completed(),
  concurrency = 3,
): Promise<{ readonly seen: SeenRun[]; readonly worker: QueueWorker }> {
  const seen: SeenRun[] = [];
  const worker = await broker.work(queue, concurrency, async (taken) => {
    const { job } = taken;
    seen.push({ id: String(job.id), data: job.data, attemptsMade: job.attemptsMade, taken });
    return end(taken);
  });
  return { seen, worker };
}

/** A run that ended well. */
export function completed(result: unknown = null): Settlement {
  return { kind: 'completed', result: JobResult.of(result, {}) };
}

/** A run that failed; `retryDelayMs` null makes a dead letter. */
export function failed(taken: TakenJob, retryDelayMs: number | null, message = 'no'): Settlement {
  const error = taken.abortReason ?? new Error(message);
  const cancelled = error.name === 'CancelledError';
  return {
    kind: 'failed',
    error,
    retryDelayMs,
    failure: {
      at: Date.now(),
      attempt: taken.job.attemptsMade + 1,
      kind: cancelled ? 'cancelled' : 'error',
      error: error.name,
      message: error.message,
    },
  };
}

/** Resolves when the broker wants the run to stop. */
export async function aborted(taken: TakenJob): Promise<void> {
  await new Promise((resolve) => taken.onAbort(resolve));
}
