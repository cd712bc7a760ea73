import type { Job, JobOptions } from 'bull';
import { withReplay } from '../../jobs/job-record.js';
import type { ReplayRecord } from '../../jobs/managed-job.js';
import type { FailedJob, FailedRange } from '../broker.js';
import { emitSafely } from './bull-internals.js';
import type { RedisQueue } from './redis-queue.js';
import type { RedisScripts } from './redis-scripts.js';
import {
  discardJobsScript,
  readFailedScript,
  readOptionsScript,
  replayJobsScript,
} from './scripts/dead-letters.lua.js';
import { readOptions } from './stored-options.js';

/** Jobs that one script changes: more would block Redis for others. */
const STEP = 250;
/** In the opts of a job whose record tells of its failures. */
const HAS_FAILURES = '"failures":[{';
const FIELDS = ['opts', 'name', 'timestamp', 'processedOn', 'finishedOn', 'attemptsMade', 'failedReason'];

type Field = string | null | undefined;

/** Reads and changes the failed sets of queues, many jobs in one script. */
export class DeadLetters {
  constructor(private readonly scripts: RedisScripts) {}

  /** Null where a job is gone or its text cannot be read. */
  async read(queue: RedisQueue, range: FailedRange): Promise<(FailedJob | null)[]> {
    const { order, start, size, payloads } = range;
    const command = order === 'oldest' ? 'ZRANGE' : 'ZREVRANGE';
    const fields = payloads ? [...FIELDS, 'data'] : FIELDS;
    const args = [command, start, start + size - 1, HAS_FAILURES, ...fields];
    const reply = (await this.scripts.run(readFailedScript, queue.base, args)) as [string, ...Field[]][];
    return reply.map(([id, traces, ...values]) => toFailedJob(id, traces, values));
  }

  /** @returns the ids that were replayed */
  async replay(
    queue: RedisQueue,
    ids: readonly string[],
    replay: ReplayRecord,
    now: number,
  ): Promise<ReadonlySet<string>> {
    const replayed = new Set<string>();
    for (let from = 0; from < ids.length; from += STEP) {
      let left = ids.slice(from, from + STEP);
      while (left.length > 0) left = await this.replayStep(queue, left, replay, now, replayed);
    }
    return replayed;
  }

  /** @returns the ids that were removed */
  async discard(queue: RedisQueue, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const discarded = new Set<string>();
    for (let from = 0; from < ids.length; from += STEP) {
      const step = ids.slice(from, from + STEP);
      const jobs = await jobsToTellAbout(queue, step);
      const removed = (await this.scripts.run(discardJobsScript, queue.base, step)) as string[];
      for (const id of removed) {
        discarded.add(id);
        const job = jobs.get(id);
        if (job !== undefined) emitSafely(queue, 'removed', job);
      }
    }
    return discarded;
  }

  /** @returns the ids of jobs that were changed meanwhile: they are still to be replayed */
  private async replayStep(
    queue: RedisQueue,
    ids: readonly string[],
    replay: ReplayRecord,
    now: number,
    replayed: Set<string>,
  ): Promise<string[]> {
    const stored = (await this.scripts.run(readOptionsScript, queue.base, ids)) as (string | null)[];
    const changes = ids.flatMap((id, index) => {
      const text = stored[index] ?? null;
      const options = readOptions(text);
      const mq = withReplay(options.mq ?? {}, replay);
      return [id, JSON.stringify({ ...options, mq }), text ?? ''];
    });
    const outcomes = (await this.scripts.run(replayJobsScript, queue.base, [
      ...[now, queue.lockToken],
      ...changes,
    ])) as number[];
    ids.filter((_, index) => outcomes[index] === 1).forEach((id) => replayed.add(id));
    return ids.filter((_, index) => outcomes[index] === -1);
  }
}

/** The jobs that `removed` tells about, where somebody listens. */
async function jobsToTellAbout(queue: RedisQueue, ids: readonly string[]): Promise<Map<string, Job>> {
  if (queue.listenerCount('removed') === 0) return new Map();
  // One that cannot be read is removed all the same.
  const jobs = await Promise.all(ids.map((id) => queue.getJob(id).catch(() => null)));
  return new Map(jobs.filter((job) => job !== null).map((job) => [String(job.id), job]));
}

function toFailedJob(id: string, traces: Field, values: readonly Field[]): FailedJob | null {
  const [opts, name, timestamp, processedOn, finishedOn, attemptsMade, failedReason, data] = values;
  if (!opts || !name) return null;
  try {
    return {
      id,
      name,
      data: data ? (JSON.parse(data) as unknown) : undefined,
      opts: JSON.parse(opts) as JobOptions,
      timestamp: Number(timestamp ?? 0),
      processedOn: processedOn ? Number(processedOn) : undefined,
      finishedOn: finishedOn ? Number(finishedOn) : undefined,
      attemptsMade: Number(attemptsMade ?? 0),
      failedReason: failedReason ?? undefined,
      stacktrace: traces ? (JSON.parse(traces) as string[]) : [],
    };
  } catch {
    return null;
  }
}
