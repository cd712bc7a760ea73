import type { Broker, BulkAddOutcome } from '../../src/message-queue/broker/broker.js';
import { MemoryBroker } from '../../src/message-queue/broker/memory/memory-broker.js';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { toBullPriority } from '../../src/message-queue/jobs/job-priority.js';
import type { JobPriority } from '../../src/message-queue/jobs/job-priority.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import type { QueueDefinition } from '../../src/message-queue/jobs/queue-definition.js';
import type { ChatMessage } from '../chat-message.js';
import type { BenchQueue, Importance, Subject } from '../subject.js';
import { JobResult } from '../../src/message-queue/jobs/job-result.js';

const PRIORITY: Record<Importance, JobPriority> = { default: 5, 'most-important': 10, 'least-important': 2 };
/** More than any measurement adds: what is measured is the queue, not its limit. */
const NO_LIMIT = 100_000_000;

/** Makes a broker; the memory provider needs no port. */
export type BrokerMaker = (redisPort: number) => Broker;

/** The description of a queue without limits. */
export function definitionOf(name: string): QueueDefinition {
  return defineQueue({
    name,
    description: 'Measured.',
    jobs: { 'send-message': Object },
    concurrency: 1,
    attempts: 5,
    backoff: { type: 'exponential', delayMs: 2_000 },
    timeoutMs: 30_000,
    maxWaiting: NO_LIMIT,
  });
}

function throwRejected(outcomes: readonly BulkAddOutcome[]): void {
  const rejected = outcomes.find((outcome) => 'error' in outcome);
  if (rejected !== undefined) throw rejected.error;
}

function openQueue(broker: Broker, name: string, concurrency: number): BenchQueue {
  const queue = broker.createQueue(definitionOf(name));
  const request = (data: ChatMessage, importance: Importance) => ({
    name: 'send-message',
    data,
    options: { priority: toBullPriority(PRIORITY[importance]) },
  });
  return {
    add: (message, importance) => broker.addOnce(queue, request(message, importance)),
    addBulk: async (messages, importance) =>
      throwRejected(
        await broker.addMany(
          queue,
          messages.map((message) => request(message, importance)),
        ),
      ),
    work: async (handler) => {
      const worker = await broker.work(queue, concurrency, async ({ job }) => {
        handler(job.data as ChatMessage);
        return { kind: 'completed', result: JobResult.nothing };
      });
      return async () => {
        await worker.stopFetching();
        await worker.whenIdle();
      };
    },
    close: () => broker.close(),
  };
}

function makeRedisBroker(redisPort: number): Broker {
  return new RedisBroker({
    redis: { topology: { kind: 'single', host: '127.0.0.1', port: redisPort }, db: 0, tls: false },
    prefix: 'bench',
    onProblem: ({ message, cause }) => console.error(message, cause ?? ''),
  });
}

function makeMemoryBroker(): Broker {
  return new MemoryBroker({ maxJobs: NO_LIMIT, maxBytes: Number.MAX_SAFE_INTEGER });
}

/** Our Redis provider at the inner seam: what the facade and the executor stand on. */
export const redisBroker: Subject = {
  name: 'Redis broker',
  inProcess: false,
  open: async ({ redisPort, queueName, concurrency }) => {
    return openQueue(makeRedisBroker(redisPort), queueName, concurrency);
  },
};

/** Our memory provider at the inner seam. */
export const memoryBroker: Subject = {
  name: 'memory broker',
  inProcess: true,
  open: async ({ queueName, concurrency }) => openQueue(makeMemoryBroker(), queueName, concurrency),
};

/** Both providers, by the name of their subject. */
export const brokerMakers: ReadonlyMap<string, BrokerMaker> = new Map([
  [redisBroker.name, makeRedisBroker],
  [memoryBroker.name, makeMemoryBroker],
]);
