import { randomUUID } from 'node:crypto';
import type { Broker } from '../../src/message-queue/broker/broker.js';
import type { ProviderName } from '../../src/message-queue/broker/broker.js';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import type { ManagedQueue } from '../../src/message-queue/broker/managed-queues.js';
import { MemoryBroker } from '../../src/message-queue/broker/memory/memory-broker.js';
import { RedisBroker } from '../../src/message-queue/broker/redis/redis-broker.js';
import { DeadLetterService } from '../../src/message-queue/dead-letter/dead-letter.service.js';
import { Clock, SystemClock } from '../../src/kernel/time/clock.js';
import type { ClockTimer } from '../../src/kernel/time/clock.js';
import { UnknownQueueError } from '../../src/message-queue/jobs/errors.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import { JobResult } from '../../src/message-queue/jobs/job-result.js';
import type { RunJob, TakenJob } from '../../src/message-queue/jobs/taken-job.js';
import type { QueueDefinition } from '../../src/message-queue/jobs/queue-definition.js';
import type { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { someAudit } from '../support/queue-audit.js';

class AnyPayload {}

/** A clock that a test moves; timers run when they are due. */
export class HandClock extends Clock {
  private readonly timers = new Set<{ at: number; callback: () => void }>();

  constructor(private time = 1_700_000_000_000) {
    super();
  }

  now(): number {
    return this.time;
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    const timer = { at: this.time + delayMs, callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  advance(ms: number): void {
    this.time += ms;
    for (const timer of [...this.timers]) {
      if (timer.at > this.time) continue;
      this.timers.delete(timer);
      timer.callback();
    }
  }
}

/** A queue with two job names. */
export function letterQueue(name: string, over: Partial<QueueDefinition> = {}): QueueDefinition {
  return defineQueue({
    name,
    description: `The ${name} queue of a test.`,
    jobs: { send: AnyPayload, confirm: AnyPayload },
    concurrency: 50,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 1 },
    timeoutMs: 5_000,
    retention: { completedAgeMs: 3_600_000, completedCount: 10_000, failedAgeMs: 3_600_000 },
    ...over,
  });
}

class FixtureQueues extends ManagedQueues {
  constructor(private readonly queues: ReadonlyMap<string, ManagedQueue>) {
    super();
  }
  names(): readonly string[] {
    return [...this.queues.keys()];
  }
  get(name: string): ManagedQueue {
    const found = this.queues.get(name);
    if (!found) throw new UnknownQueueError(`There is no queue "${name}".`, { queue: name });
    return found;
  }
}

/** How a job of these tests ends: taken from its payload, attempt by attempt; then it completes. */
export interface Fate {
  readonly errors?: readonly string[];
}

/** Two queues of one provider, their dead letters, and workers that fail as payloads ask. */
export class DeadLetterFixture {
  readonly queues: ManagedQueues;
  readonly deadLetters: DeadLetterService;
  readonly broker: Broker;
  readonly runs = new Map<string, number>();
  /** First part of every Redis key. */
  readonly prefix = `dl-${randomUUID()}`;

  constructor(
    readonly provider: ProviderName,
    redis: TestRedis | null,
    readonly clock: Clock = new SystemClock(),
    definitions: readonly QueueDefinition[] = [letterQueue('mail'), letterQueue('push')],
  ) {
    this.broker = redis ? redisBroker(redis, this.prefix) : new MemoryBroker({ clock });
    const managed = definitions.map((definition): [string, ManagedQueue] => [
      definition.name,
      { queue: this.broker.createQueue(definition), broker: this.broker, definition },
    ]);
    this.queues = new FixtureQueues(new Map(managed));
    this.deadLetters = new DeadLetterService(this.queues, someAudit());
  }

  /** Starts to run jobs: the nth run throws the nth of the payload's `errors`, a run behind the last one completes. */
  async work(...names: string[]): Promise<void> {
    for (const name of names) {
      const { queue, definition } = this.queues.get(name);
      await this.broker.work(queue, definition.concurrency, (taken) => this.run(taken, definition));
    }
  }

  /** Adds jobs and waits until the failed set has grown by them. @returns their ids */
  async deaths(name: string, fates: readonly (Fate & { job?: string })[]): Promise<string[]> {
    const { queue } = this.queues.get(name);
    const before = await queue.getFailedCount();
    const outcomes = await this.broker.addMany(
      queue,
      fates.map(({ job = 'send', ...data }) => ({
        name: job,
        data,
        options: {
          jobId: `m_${randomUUID()}`,
          timestamp: this.clock.now(),
          mq: { correlationId: 'c-1' },
        },
      })),
    );
    await waitUntil(
      async () => (await queue.getFailedCount()) >= before + fates.length,
      `${fates.length} dead letters of ${name}`,
    );
    return outcomes.map((outcome) => ('id' in outcome ? outcome.id : ''));
  }

  /** A failed set of many jobs, written as fast as the provider can. */
  async manyDeaths(name: string, count: number, error = 'connect ECONNREFUSED'): Promise<void> {
    for (let left = count; left > 0; left -= 5_000) {
      await this.deaths(
        name,
        Array.from({ length: Math.min(left, 5_000) }, () => ({ errors: [error, error, error] })),
      );
    }
  }

  close(): Promise<void> {
    return this.broker.close();
  }

  private run({ job }: TakenJob, definition: QueueDefinition): ReturnType<RunJob> {
    const id = String(job.id);
    const run = (this.runs.get(id) ?? 0) + 1;
    this.runs.set(id, run);
    const message = (job.data as Fate).errors?.[run - 1];
    if (message === undefined) return Promise.resolve({ kind: 'completed', result: JobResult.nothing });
    const error = new TypeError(message);
    const attempt = job.attemptsMade + 1;
    const isLast = attempt >= definition.attempts || (job.data as Fate).errors?.length === run;
    const failure = { at: this.clock.now(), attempt, kind: 'error', error: 'TypeError', message } as const;
    return Promise.resolve({ kind: 'failed', error, retryDelayMs: isLast ? null : 0, failure });
  }
}

function redisBroker(redis: TestRedis, prefix: string): RedisBroker {
  return new RedisBroker({
    redis: { topology: { kind: 'single', host: '127.0.0.1', port: redis.port }, db: 0, tls: false },
    prefix,
  });
}
