import type { Queue } from 'bull';
import type { Broker } from '../../src/message-queue/broker/broker.js';
import { ManagedQueues } from '../../src/message-queue/broker/managed-queues.js';
import type { ManagedQueue } from '../../src/message-queue/broker/managed-queues.js';
import { DeadLetterService } from '../../src/message-queue/dead-letter/dead-letter.service.js';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { failureRecordOf } from '../../src/message-queue/jobs/failure-record.js';
import { chatMessages } from '../chat-message.js';
import type { BenchContext, Measurement, ResultRow } from '../measurement.js';
import { brokerMakers, definitionOf } from '../subjects/broker.subject.js';

const BULK = 1_000;
/** Jobs that fail at the same time while the letters are made. */
const CONCURRENCY = 100;

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

/** Adds jobs that fail for good at their only attempt. */
async function bury(broker: Broker, queue: Queue, count: number, context: BenchContext): Promise<void> {
  const worker = await broker.work(queue, CONCURRENCY, async ({ job }) => {
    const error = new TypeError(`connect ECONNREFUSED 10.0.0.${String(job.timestamp % 100)}:25`);
    const failure = failureRecordOf(error, 1, 'error', Date.now());
    return { kind: 'failed', error, failure, retryDelayMs: null };
  });
  for (let n = 0; n < count; n += BULK) {
    const messages = chatMessages(n, Math.min(BULK, count - n));
    await broker.addMany(
      queue,
      messages.map((data) => ({ name: 'send-message', data, options: { priority: 6 } })),
    );
    // Not all at once: what waits for the worker takes memory too.
    while ((await queue.getFailedCount()) < n) await new Promise((resolve) => setTimeout(resolve, 5));
    context.progress(`${broker.provider}: ${n} of ${count} dead letters`);
  }
  while ((await queue.getFailedCount()) < count) await new Promise((resolve) => setTimeout(resolve, 5));
  await worker.stopFetching();
  await worker.whenIdle();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Milliseconds of each operation; a replay leaves nothing for a second one. */
async function measureOne(broker: Broker, letters: number, context: BenchContext): Promise<number[][]> {
  const definition = definitionOf(context.queueRequest().queueName);
  const queue = broker.createQueue(definition);
  const service = new DeadLetterService(new OneQueue({ queue, broker, definition }), new SystemClock());
  try {
    await bury(broker, queue, letters, context);
    const pages: number[] = [];
    const stats: number[] = [];
    for (let round = 0; round < context.options.rounds; round++) {
      pages.push(await timed(() => service.list({ limit: 50 })));
      stats.push(await timed(() => service.stats()));
    }
    const replay = await timed(async () => {
      const { replayed } = await service.replayAll({ by: 'bench' });
      if (replayed !== letters) throw new Error(`${replayed} of ${letters} dead letters were replayed.`);
    });
    return [pages, stats, [replay]];
  } finally {
    await broker.close();
  }
}

function deadLettersAt(count: number): Measurement {
  return {
    id: `dead-letters-${count}`,
    async run(context) {
      const letters = context.jobs(count);
      const measured: [string, number[][]][] = [];
      for (const [subject, make] of brokerMakers) {
        await context.flush();
        measured.push([subject, await measureOne(make(context.redis.port), letters, context)]);
      }
      return ['page of 50', 'counts by queue, job and error', 'replay all'].map((what, index): ResultRow => ({
        title: `${letters.toLocaleString('en')} dead letters: ${what}`,
        unit: 'ms',
        samples: measured.map(([subject, values]) => ({ subject, values: values[index] ?? [] })),
      }));
    },
  };
}

/** What it takes to look at many dead letters, and to put all of them back. */
export const deadLetterMeasurements: readonly Measurement[] = [10_000, 100_000].map(deadLettersAt);
