import type { Queue } from 'bull';
import type { Broker } from '../../src/message-queue/broker/broker.js';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import type { ManagedQueue } from '../../src/message-queue/broker/managed-queues.js';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { DeadLetterService } from '../../src/message-queue/dead-letter/dead-letter.service.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import { someAudit } from '../support/queue-audit.js';

class AnyPayload {}

const PREFIX = 'replays';
const DEFINITION = defineQueue({
  name: 'mail',
  description: 'Its dead letters are replayed while something dies.',
  jobs: { send: AnyPayload },
  concurrency: 50,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 1 },
  timeoutMs: 5_000,
});

class OneQueue extends ManagedQueues {
  constructor(private readonly managed: ManagedQueue) {
    super();
  }
  names(): readonly string[] {
    return [this.managed.definition.name];
  }
  get(): ManagedQueue {
    return this.managed;
  }
}

/** Letters per step of the replays: small, so that there is a middle to die in. */
export const REPLAY_BATCH = 20;
/** Base key of the queue. */
export const REPLAY_BASE = `${PREFIX}:${DEFINITION.name}:`;

/** The queue and its dead letters, as one process has them. */
export function openReplays(port: number): { broker: Broker; queue: Queue; deadLetters: DeadLetterService } {
  const topology = { kind: 'single', host: '127.0.0.1', port } as const;
  const broker = new RedisBroker({ redis: { topology, db: 0, tls: false }, prefix: PREFIX });
  const queue = broker.createQueue(DEFINITION);
  const queues = new OneQueue({ queue, broker, definition: DEFINITION });
  return { broker, queue, deadLetters: new DeadLetterService(queues, someAudit()) };
}
