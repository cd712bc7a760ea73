import { getQueueToken } from '@nestjs/bull-shared';
import type { INestApplicationContext } from '@nestjs/common';
import type { Queue } from 'bull';
import { Redis } from 'ioredis';
import { JobEvents } from '../../src/message-queue/index.js';
import type { JobReceipt } from '../../src/message-queue/index.js';
import { waitUntil } from '../support/wait-until.js';

/** In every content: what must show nowhere but in payloads and stores. */
export const MARKER = 'MARKER-7f3a';

/** Collects what an app shows of its jobs. */
export class ContentWatch {
  /** What this process printed. */
  readonly printed: string[] = [];
  readonly events: unknown[] = [];

  /** Keeps what is printed from now on, until `jest.restoreAllMocks()`. */
  listen(): void {
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((text) => {
        this.printed.push(String(text));
        return true;
      });
    }
  }

  /** Keeps the app's job events, errors with message, stack and cause. */
  follow(app: INestApplicationContext): void {
    const events = app.get(JobEvents);
    for (const name of ['enqueued', 'completed', 'failed'] as const) {
      events.on(name, (event) => void this.events.push(describeErrors(event)));
    }
  }

  /** Everything a job shows besides its payload, once it has ended. */
  async tracesOf(
    app: INestApplicationContext,
    { queue, id }: Pick<JobReceipt, 'queue' | 'id'>,
  ): Promise<string> {
    const bull = app.get<Queue>(getQueueToken(queue));
    const job = await waitUntil(async () => {
      const state = await (await bull.getJob(id))?.getState();
      return state === 'completed' || state === 'failed' ? bull.getJob(id) : null;
    }, `job ${id} to end`);
    const { logs } = await bull.getJobLogs(id);
    const { returnvalue, failedReason = null, stacktrace, opts } = job;
    const progress: unknown = job.progress();
    return JSON.stringify({ failedReason, returnvalue, stacktrace, opts, progress, logs });
  }
}

/** How many jobs' payloads in a Redis hold the marker, and every other place that does. */
export async function placesInRedis(port: number): Promise<{ payloads: number; others: string[] }> {
  const redis = new Redis(port, '127.0.0.1');
  try {
    const others: string[] = [];
    let payloads = 0;
    for (const key of await redis.keys('*')) {
      const { data, ...fields } = await valueOf(redis, key);
      const isJob = data !== undefined && 'timestamp' in fields;
      if (isJob && JSON.stringify(data).includes(MARKER)) payloads += 1;
      const shown = isJob ? fields : { data, ...fields };
      if (JSON.stringify([key, shown]).includes(MARKER)) others.push(key);
    }
    return { payloads, others };
  } finally {
    redis.disconnect();
  }
}

async function valueOf(redis: Redis, key: string): Promise<Record<string, unknown>> {
  const type = await redis.type(key);
  switch (type) {
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return { value: await redis.lrange(key, 0, -1) };
    case 'set':
      return { value: await redis.smembers(key) };
    case 'zset':
      return { value: await redis.zrange(key, 0, -1) };
    case 'stream':
      return { value: await redis.xrange(key, '-', '+') };
    default:
      return { value: await redis.get(key) };
  }
}

function describeErrors(event: unknown): unknown {
  return JSON.parse(
    JSON.stringify(event, (_, value: unknown) =>
      value instanceof Error ? { message: value.message, stack: value.stack, cause: value.cause } : value,
    ),
  );
}
