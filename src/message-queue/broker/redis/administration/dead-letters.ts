import type { Job } from 'bull';
import { compactOptions, fullOptions, storedPriority } from '../../../admission/stored-options.js';
import { withReplay } from '../../rules/job-record.js';
import type { ManagedJobOptions, ReplayRecord } from '../../../jobs/managed-job.js';
import type { QueueSettings } from '../../../jobs/queue-settings.js';
import { DEFAULT_JOB_NAME } from '../../rules/bull-arguments.js';
import type { FailedJob, FailedRange, LetterTarget } from '../../broker.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import {
  discardJobsScript,
  readFailedScript,
  readOptionsScript,
  replayJobsScript,
} from '../scripts/dead-letters.lua.js';
import { readableJson, readOptions } from '../bull/stored-job.js';

/** Most jobs that one script changes: more would block Redis for other clients. */
const STEP = 250;
/** Appears in the opts of a job whose record lists its failures. */
const HAS_FAILURES = '"failures":[';
const FIELDS = ['timestamp', 'priority', 'name', 'failedReason'];

type Field = string | null | undefined;

/** Reads and changes the failed sets of queues, many jobs in one script. */
export class DeadLetters {
  constructor(private readonly scripts: RedisScripts) {}

  /** Null where a job is gone or its text cannot be read. */
  async read(queue: RedisQueue, range: FailedRange): Promise<(FailedJob | null)[]> {
    const { order, start, size, payloads } = range;
    const command = order === 'oldest' ? 'ZRANGE' : 'ZREVRANGE';
    const fields = payloads ? [...FIELDS, 'data'] : FIELDS;
    const args = [command, start, start + size - 1, payloads ? '' : HAS_FAILURES, ...fields];
    const reply = (await this.scripts.runPatiently(readFailedScript, queue.base, args)) as [
      string,
      ...Field[],
    ][];
    return reply.map(([id, traces, ...values]) => toFailedJob(queue.definition, id, traces, values));
  }

  /** @returns the ids of the replayed jobs */
  async replay(
    queue: RedisQueue,
    jobs: readonly LetterTarget[],
    replay: ReplayRecord,
    now: number,
  ): Promise<ReadonlySet<string>> {
    // Redis works on one step while the next is prepared; they arrive in order.
    const steps = stepsOf(jobs).map((step) => this.replayStep(queue, step, replay, now));
    return new Set((await Promise.all(steps)).flat());
  }

  /** @returns the ids of the removed jobs */
  async discard(queue: RedisQueue, letters: readonly LetterTarget[]): Promise<ReadonlySet<string>> {
    const discarded = new Set<string>();
    for (const step of stepsOf(letters)) {
      const jobs = await jobsToTellAbout(queue, step);
      const args = step.flatMap(({ id, version = '' }) => [id, version]);
      const removed = (await this.scripts.runPatiently(discardJobsScript, queue.base, args)) as string[];
      for (const id of removed) {
        discarded.add(id);
        const job = jobs.get(id);
        if (job !== undefined) queue.emit('removed', job);
      }
    }
    return discarded;
  }

  private async replayStep(
    queue: RedisQueue,
    jobs: readonly LetterTarget[],
    replay: ReplayRecord,
    now: number,
  ): Promise<string[]> {
    const ids = jobs.map(({ id }) => id);
    const changes = (await this.withOptions(queue, jobs)).flatMap(({ id, version, opts }) => {
      const { mq = {}, ...options } = opts as ManagedJobOptions;
      const changed = { ...options, mq: withReplay(mq, replay) };
      const fields = { id, timestamp: options.timestamp ?? 0, priority: options.priority ?? 0 };
      return [id, JSON.stringify(compactOptions(queue.definition, changed, fields)), version];
    });
    const args = [now, queue.lockToken, ...changes];
    const outcomes = (await this.scripts.runPatiently(replayJobsScript, queue.base, args)) as number[];
    const replayed = ids.filter((_, index) => outcomes[index] === 1);
    const changed = ids.filter((_, index) => outcomes[index] === -1).map((id) => ({ id }));
    if (changed.length === 0) return replayed;
    return [...replayed, ...(await this.replayStep(queue, changed, replay, now))];
  }

  /** The targets as they were read, or as they are now. */
  private async withOptions(
    queue: RedisQueue,
    jobs: readonly LetterTarget[],
  ): Promise<readonly Required<LetterTarget>[]> {
    if (jobs.every(wasRead)) return jobs;
    const ids = jobs.map(({ id }) => id);
    const reply = (await this.scripts.runPatiently(readOptionsScript, queue.base, ids)) as Field[][];
    return reply.map(([version, opts, timestamp, priority], index) => {
      const id = ids[index] ?? '';
      const fields = { id, timestamp: Number(timestamp), priority: storedPriority(priority) };
      return {
        id,
        opts: fullOptions(queue.definition, readOptions(opts ?? null), fields),
        version: version ?? '',
      };
    });
  }
}

function stepsOf<Item>(items: readonly Item[]): Item[][] {
  const steps: Item[][] = [];
  for (let from = 0; from < items.length; from += STEP) steps.push(items.slice(from, from + STEP));
  return steps;
}

function wasRead(job: LetterTarget): job is Required<LetterTarget> {
  return job.version !== undefined && job.opts !== undefined;
}

/** The jobs to announce as `removed`; none when nobody listens. */
async function jobsToTellAbout(
  queue: RedisQueue,
  letters: readonly LetterTarget[],
): Promise<Map<string, Job>> {
  if (queue.listenerCount('removed') === 0) return new Map();
  // A job that cannot be read is still removed.
  const jobs = await Promise.all(letters.map(({ id }) => queue.getJob(id).catch(() => null)));
  return new Map(jobs.filter((job) => job !== null).map((job) => [String(job.id), job]));
}

/** What nobody can read of a letter is left out: its `data` is null then. @returns null when there is no job */
function toFailedJob(
  settings: QueueSettings,
  id: string,
  traces: Field,
  [version, ...values]: readonly Field[],
): FailedJob | null {
  const [opts, attemptsMade, processedOn, finishedOn, _retriedOn, ...others] = values;
  const [time, priority, name, failedReason, data] = others;
  if (typeof opts !== 'string' && typeof name !== 'string') return null;
  const timestamp = numberOf(time) ?? 0;
  const fields = { id, timestamp, priority: storedPriority(priority) };
  const stacks = readableJson(traces);
  return {
    id,
    version: version ?? '',
    name: name || DEFAULT_JOB_NAME,
    data: data ? readableJson(data) : undefined,
    opts: fullOptions(settings, readOptions(opts ?? null), fields),
    timestamp,
    processedOn: numberOf(processedOn),
    finishedOn: numberOf(finishedOn),
    attemptsMade: numberOf(attemptsMade) ?? 0,
    failedReason: failedReason ?? undefined,
    stacktrace: Array.isArray(stacks) ? stacks.filter((stack) => typeof stack === 'string') : [],
  };
}

function numberOf(field: Field): number | undefined {
  const value = Number(field || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
