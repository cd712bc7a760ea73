import type { Queue } from 'bull';
import type { AddRequest, Broker, QueueWorker } from '../../../src/message-queue/broker/broker.js';
import { MemoryBroker } from '../../../src/message-queue/broker/memory/memory-broker.js';
import { SyncBroker } from '../../../src/message-queue/broker/sync/sync-broker.js';
import { RedisBroker } from '../../../src/message-queue/broker/redis/redis-broker.js';
import type { MessageQueueError } from '../../../src/kernel/errors.js';
import type { FailureRecord } from '../../../src/message-queue/jobs/managed-job.js';
import { JobResult } from '../../../src/message-queue/jobs/job-result.js';
import { defineQueue } from '../../../src/message-queue/jobs/queue-definition.js';
import type { QueueDefinition } from '../../../src/message-queue/jobs/queue-definition.js';
import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { JOB_ADDED } from '../../../src/message-queue/broker/rules/events/local-events.js';
import type { TestRedis } from '../../support/redis-server.js';
import { addAll } from '../../support/add-all.js';
import { ADD_TIMEOUT_MS } from '../../support/redis-broker-fixture.js';
import { waitUntil } from '../../support/wait-until.js';
import type { ConformanceCase, ConformingProvider } from '../run-conformance.js';
import { SYNC_DIFFERENCES } from './sync-differences.js';

/** Something that makes brokers. */
export interface BrokerProvider extends ConformingProvider {
  readonly name: 'redis' | 'memory' | 'sync';
  /** @param full whether its store has no room for a job */
  create(prefix: string, full: boolean): Broker;
}

/** One behaviour that every provider has to have. */
export type BrokerCase = ConformanceCase<BrokerBench>;

export const memoryBrokerProvider: BrokerProvider = {
  name: 'memory',
  create: (prefix, full) => new MemoryBroker({ prefix, ...(full && { maxBytes: 900 }) }),
};

export const syncBrokerProvider: BrokerProvider = {
  name: 'sync',
  differences: SYNC_DIFFERENCES,
  create: (prefix, full) => new SyncBroker({ prefix, ...(full && { maxBytes: 900 }) }),
};

export function redisBrokerProvider(redis: () => TestRedis): BrokerProvider {
  return {
    name: 'redis',
    create: (prefix, full) =>
      new RedisBroker({
        redis: { topology: { kind: 'single', host: '127.0.0.1', port: redis().port }, db: 0, tls: false },
        prefix,
        enqueueTimeoutMs: ADD_TIMEOUT_MS,
        // The server has a limit far above what the tests use.
        ...(full && { memoryLimitRatio: 1e-6 }),
      }),
  };
}

class AnyPayload {}

let benches = 0;

/** A broker of one case, and what it takes to look at it. */
export class BrokerBench {
  readonly broker: Broker;
  private queues = 0;

  constructor(
    readonly provider: BrokerProvider,
    full = false,
  ) {
    this.broker = provider.create(`c${process.pid}-${(benches += 1)}`, full);
  }

  /** A new queue with the job names `job` and `other`. */
  open(over: Partial<QueueDefinition> = {}): Queue {
    const definition = defineQueue({
      name: `work-${(this.queues += 1)}`,
      description: 'A queue of a test.',
      jobs: { job: AnyPayload, other: AnyPayload },
      concurrency: 2,
      attempts: 3,
      backoff: { type: 'fixed', delayMs: 50 },
      timeoutMs: 5_000,
    });
    return this.broker.createQueue({ ...definition, ...over });
  }

  /** Adds a job and returns its id. */
  async add(queue: Queue, over: Partial<AddRequest> = {}): Promise<string> {
    const request = { name: 'job', data: { n: 1 }, options: {}, ...over };
    if (!this.broker.addsInTurn) return (await this.broker.addOnce(queue, request)).id;
    // It runs in the add: the case goes on once it is there, as elsewhere.
    const isThere = new Promise<string>((resolve) => queue.once(JOB_ADDED, resolve));
    const adding = this.broker.addOnce(queue, request).then(({ id }) => id);
    return Promise.race([isThere, adding]);
  }

  /** Adds jobs for a case to work with. @returns their ids @throws Error when one was not added */
  addAll(queue: Queue, requests: readonly AddRequest[]): Promise<string[]> {
    return addAll(this.broker, queue, requests);
  }

  /** Works on a queue; every run ends as `settle` says. */
  async work(
    queue: Queue,
    settle: (taken: TakenJob) => Settlement | Promise<Settlement> = () => completed(),
    concurrency = 1,
  ): Promise<{ readonly runs: string[]; readonly worker: QueueWorker }> {
    const runs: string[] = [];
    const worker = await this.broker.work(queue, concurrency, async (taken) => {
      runs.push(String(taken.job.id));
      return settle(taken);
    });
    return { runs, worker };
  }

  /** Runs a job of another queue from end to end: whatever else would happen at once has happened by then. */
  async anotherRuns(): Promise<void> {
    const other = this.open();
    await this.work(other);
    await this.untilState(other, await this.add(other), 'completed');
  }

  /** Waits until a job is in a state. */
  async untilState(queue: Queue, id: string, state: string): Promise<void> {
    await waitUntil(
      async () => (await (await queue.getJob(id))?.getState()) === state,
      `job ${id} to be ${state}`,
    );
  }

  async close(): Promise<void> {
    await this.broker.close();
  }
}

/** A run that ended well. */
export function completed(result: unknown = null): Settlement {
  return { kind: 'completed', result: JobResult.of(result, {}) };
}

/** A run that failed; without a delay it is a dead letter. */
export function failed(
  { job }: TakenJob,
  retryDelayMs: number | null = null,
  message = 'no',
  kind: FailureRecord['kind'] = 'error',
): Settlement {
  const failure = { at: Date.now(), attempt: job.attemptsMade + 1, kind, error: 'Error', message };
  return { kind: 'failed', error: new Error(message), retryDelayMs, failure };
}

/** The error a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<MessageQueueError> {
  try {
    await promise;
  } catch (error) {
    return error as MessageQueueError;
  }
  throw new Error('It did not reject.');
}

/** Resolves when the broker wants the run to stop, with the reason. */
export function aborted(taken: TakenJob): Promise<MessageQueueError> {
  return new Promise((resolve) => taken.onAbort(resolve));
}
