import { fullOptions, storedPriority } from '../../../admission/stored-options.js';
import { isWellFormed } from '../../../../kernel/values/well-formed.js';
import type { ErasedJobs, JobsOfQueue, JobText } from '../../jobs-of-queue.js';
import { erasedEnd, readablePayload } from '../../rules/ended-job.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { readOptions } from '../bull/stored-job.js';
import { patiently } from '../connections/patiently.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { unlessAway } from '../connections/unless-away.js';
import { eraseJobsScript } from '../scripts/remove-jobs.lua.js';
import { scanJobsScript } from '../scripts/scan-jobs.lua.js';
import type { Spool } from '../spool/spool.js';
import type { SpooledText } from '../spool/spooled-job.js';

/** What one script looks at, about a millisecond: more would block Redis for other clients. */
const PAGE_JOBS = 500;
const PAGE_BYTES = 1024 * 1024;
/** Jobs that one script removes: each may be looked for in a list of all that wait. */
const ERASE_STEP = 20;

type Field = string | null;
type ScanReply = readonly [
  seen: number,
  jobs: readonly (readonly [id: string, name: string, data: string])[],
];
type UnendedJob = readonly [id: string, ...fields: Field[]];
type UntoldJob = Parameters<typeof erasedEnd>[0];
type EraseReply = readonly [ended: string[], unended: UnendedJob[], marked: string[]];

/** What the jobs of a queue depend on. */
export interface RedisJobsParts {
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
  /** Null when adds are not spooled. */
  readonly spool: Spool | null;
}

/** The jobs of one queue, in every state. */
export class RedisJobs implements JobsOfQueue {
  constructor(
    private readonly queue: RedisQueue,
    private readonly parts: RedisJobsParts,
  ) {}

  /** In the direction in which jobs move. */
  async *holding(texts: readonly string[]): AsyncIterable<readonly JobText[]> {
    const { scripts, spool } = this.parts;
    const { base } = this.queue;
    if (spool !== null) yield* spool.holding(base, texts);
    for (const [command, key] of await this.places()) {
      for (let first = 0, seen = 1; seen > 0; first += seen) {
        const args = [command, key, first, PAGE_JOBS, PAGE_BYTES, ...texts];
        const reply = await this.answer('reading jobs', scripts.runPatiently(scanJobsScript, base, args));
        const [count, jobs] = reply as ScanReply;
        yield jobs.map(([id, name, data]) => ({ id, name, data }));
        seen = count;
      }
    }
  }

  async erase(ids: readonly string[]): Promise<ErasedJobs> {
    const { scripts, spool } = this.parts;
    const { base } = this.queue;
    // No job has an ill-formed id, but Redis would read it as that of another.
    const named = ids.filter(isWellFormed);
    const spooled = spool?.erase(base, named) ?? [];
    for (const job of spooled) this.tell(endedBefore(job));
    const removed = new Set(spooled.map(({ id }) => id));
    const running: string[] = [];
    for (let from = 0; from < named.length; from += ERASE_STEP) {
      const step = named.slice(from, from + ERASE_STEP);
      const reply = await this.answer('erasing jobs', scripts.runPatiently(eraseJobsScript, base, step));
      const [ended, unended, marked] = reply as EraseReply;
      // One that was being sent is told once.
      for (const job of unended) if (!removed.has(job[0])) this.tell(this.readable(job));
      for (const id of [...ended, ...unended.map(([id]) => id)]) removed.add(id);
      running.push(...marked);
    }
    if (removed.size > 0) await this.answer('planning the runs of schedules', this.queue.keepSchedules());
    return { removed: [...removed], running };
  }

  private tell(job: UntoldJob): void {
    this.queue.emit(JOB_ENDED, erasedEnd(job, this.queue.name));
  }

  private async places(): Promise<(readonly [command: string, key: string])[]> {
    const { client } = this.parts.connections;
    const levels = patiently(() => client.zrange(`${this.queue.base}mq:lanes`, 0, -1));
    const lanes = (await this.answer('reading jobs', levels)).map((level) => `mq:lane:${level}`);
    return [
      ['ZREVRANGE', 'delayed'],
      ...[...lanes, 'wait', 'paused', 'active'].map((key) => ['LRANGE', key] as const),
      ['ZREVRANGE', 'failed'],
      ['ZREVRANGE', 'completed'],
    ];
  }

  private readable([id, name, data, opts, made, timestamp, priority]: UnendedJob): UntoldJob {
    const fields = { id, timestamp: Number(timestamp), priority: storedPriority(priority) };
    const options = fullOptions(this.queue.definition, readOptions(opts ?? null), fields);
    return {
      id,
      name: name ?? '',
      data: readablePayload(data),
      opts: options,
      attemptsMade: Number(made ?? 0),
    };
  }

  private answer<T>(what: string, answer: Promise<T>): Promise<T> {
    return unlessAway(this.queue.name, what, this.parts.connections, answer);
  }
}

/** A job that never reached Redis. */
function endedBefore({ id, name, data, options }: SpooledText): UntoldJob {
  return { id, name, data: readablePayload(data), opts: options, attemptsMade: 0 };
}
