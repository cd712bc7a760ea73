import Bull from 'bull';
import type { Job, Queue, QueueOptions } from 'bull';
import { MemoryQueue } from '../../../src/message-queue/broker/memory/bull/queue/memory-queue.js';
import type { TestRedis } from '../../support/redis-server.js';
import { waitUntil } from '../../support/wait-until.js';
import type { ConformanceCase } from '../run-conformance.js';

/** Options that mean something to both. */
export type SharedOptions = Omit<QueueOptions, 'redis' | 'createClient'>;

/** Something that opens queues: plain Bull is the reference, ours must behave like it. */
export interface QueueProvider {
  readonly name: 'bull on redis' | 'memory';
  open(queueName: string, options?: SharedOptions): Queue;
}

/** One behaviour that every provider has to have. */
export type QueueCase = ConformanceCase<QueueBench>;

/** Plain Bull, untouched. */
export function bullProvider(redis: () => TestRedis): QueueProvider {
  return {
    name: 'bull on redis',
    open: (queueName, options) => new Bull(queueName, redis().url, options),
  };
}

export const memoryProvider: QueueProvider = {
  name: 'memory',
  open: (queueName, options) => new MemoryQueue(queueName, options),
};

let queues = 0;

/** The queues of one case, and what it takes to look at them. */
export class QueueBench {
  private readonly opened: Queue[] = [];

  constructor(readonly provider: QueueProvider) {}

  /** A new queue under a name of its own. */
  open(options: SharedOptions = {}): Queue {
    const queue = this.provider.open(`q${process.pid}-${(queues += 1)}`, {
      ...options,
      settings: { drainDelay: 1, guardInterval: 200, retryProcessDelay: 20, ...options.settings },
    });
    this.opened.push(queue);
    return queue;
  }

  /** A queue with jobs that have no options, named by their data: `{ n }`. */
  async openWith(...numbers: number[]): Promise<Queue> {
    const queue = this.open();
    for (const n of numbers) await queue.add({ n });
    return queue;
  }

  /** Notes events as text, one line each, in the order in which they come. */
  async record(queue: Queue, ...events: string[]): Promise<string[]> {
    const lines: string[] = [];
    for (const event of events) {
      queue.on(event, (...args: unknown[]) => {
        lines.push([event, ...args.map(shown)].join(' '));
      });
      // Bull subscribes in Redis; what happens before that is not heard.
      await (queue as unknown as { _registerEvent(event: string): Promise<void> })._registerEvent(event);
    }
    return lines;
  }

  /** Runs every job of a queue with a handler and tells when `count` runs have ended. */
  async runAll(queue: Queue, count: number, handler: (job: Job) => unknown = () => null): Promise<string[]> {
    const ran: string[] = [];
    let ended = 0;
    queue.on('completed', () => (ended += 1));
    queue.on('failed', () => (ended += 1));
    void queue.process('*', async (job: Job) => {
      ran.push(String(job.id));
      return handler(job) as Promise<void>;
    });
    await waitUntil(() => ended >= count, `${count} runs`);
    return ran;
  }

  /** Runs a job of another queue from end to end: whatever else would happen at once has happened by then. */
  async anotherRuns(): Promise<void> {
    const other = await this.openWith(1);
    await this.runAll(other, 1);
  }

  /** Takes jobs by hand until none is left, and leaves them active. @returns their ids in order */
  async takeAll(queue: Queue, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) ids.push(String((await this.take(queue)).id));
    return ids;
  }

  /** Takes the next job by hand. */
  async take(queue: Queue): Promise<Job> {
    const job = await queue.getNextJob();
    if (!job) throw new Error('There was no job to take.');
    return job;
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map((queue) => queue.close(true)));
  }
}

/** Waits until that many lines were recorded. */
export async function heardAtLeast(lines: readonly string[], count: number): Promise<void> {
  await waitUntil(() => lines.length >= count, `${count} events, heard: ${lines.join(' | ')}`);
}

/** The job as it is stored now. */
export async function stored(job: Job): Promise<Job> {
  const found = await job.queue.getJob(job.id);
  if (!found) throw new Error(`Job ${job.id} is gone.`);
  return found;
}

/** Ids of jobs, as text. */
export function idsOf(jobs: readonly Job[]): string[] {
  return jobs.map((job) => String(job.id));
}

/** The message of the error a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('It did not reject.');
}

function shown(value: unknown): string {
  if (value instanceof Promise || typeof (value as { then?: unknown } | null)?.then === 'function')
    return 'promise';
  if (value instanceof Error) return `Error(${value.message})`;
  if (typeof value === 'object' && value !== null && 'attemptsMade' in value) {
    return `job#${String((value as Job).id)}`;
  }
  return JSON.stringify(value) ?? 'undefined';
}
