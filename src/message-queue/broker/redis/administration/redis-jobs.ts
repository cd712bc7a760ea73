import { randomUUID } from 'node:crypto';
import { fullOptions, storedPriority } from '../../../admission/stored-options.js';
import { isWellFormed } from '../../../../kernel/values/well-formed.js';
import type { ErasedJobs, JobsOfQueue, JobText } from '../../jobs-of-queue.js';
import { erasedEnd, readablePayload } from '../../rules/ended-job.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { readOptions } from '../bull/stored-job.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { unlessAway } from '../connections/unless-away.js';
import type { LuaScript } from '../scripts/lua-script.js';
import { eraseJobsScript, eraseWaitingScript } from '../scripts/remove-jobs.lua.js';
import { scanJobsScript } from '../scripts/scan-jobs.lua.js';
import type { Spool } from '../spool/spool.js';
import type { SpooledText } from '../spool/spooled-job.js';
import { jobPlaces, waitingLanes } from './job-places.js';

/** What one script looks at, about a millisecond: more would block Redis for other clients. */
const PAGE_JOBS = 500;
const PAGE_BYTES = 1024 * 1024;
/** Places of a lane that one script looks at, when the payloads do not matter. */
const LANE_PAGE = 2_000;
/** Jobs that one script looks for wherever they are. */
const ERASE_STEP = 10;

type Field = string | null;
type ScanReply = readonly [
  seen: number,
  jobs: readonly (readonly [id: string, name: string, data: string])[],
];
type UnendedJob = readonly [id: string, ...fields: Field[]];
type UntoldJob = Parameters<typeof erasedEnd>[0];
type EraseReply = readonly [
  ended: string[],
  unended: UnendedJob[],
  marked: string[],
  /** Places of a lane. */
  looked: number,
  left: number,
];

/** What the jobs of a queue depend on. */
export interface RedisJobsParts {
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
  /** Null when adds are not spooled. */
  readonly spool: Spool | null;
}

/** What became of jobs in Redis so far. */
class Erased {
  readonly removed = new Set<string>();
  readonly running = new Set<string>();

  /** @param fromSpool those that were removed from the spool: Redis may have them too, for one that was being sent is in both */
  constructor(readonly fromSpool: ReadonlySet<string> = new Set()) {}

  has(id: string): boolean {
    return this.removed.has(id) || this.running.has(id);
  }

  get all(): ErasedJobs {
    const removed = new Set([...this.fromSpool, ...this.removed]);
    return { removed: [...removed].filter((id) => !this.running.has(id)), running: [...this.running] };
  }
}

/** The jobs of one queue, in every state. */
export class RedisJobs implements JobsOfQueue {
  constructor(
    private readonly queue: RedisQueue,
    private readonly parts: RedisJobsParts,
  ) {}

  /** In the direction in which jobs move. */
  async *holding(texts: readonly string[]): AsyncIterable<readonly JobText[]> {
    const { spool } = this.parts;
    const { base } = this.queue;
    if (spool !== null) yield* spool.holding(base, texts);
    for await (const [command, key] of jobPlaces(this.queue, this.parts.connections)) {
      for (let first = 0, seen = 1; seen > 0; first += seen) {
        const args = [command, key, first, PAGE_JOBS, PAGE_BYTES, ...texts];
        const [count, jobs] = (await this.run('reading jobs', scanJobsScript, args)) as ScanReply;
        yield jobs.map(([id, name, data]) => ({ id, name, data }));
        seen = count;
      }
    }
  }

  async erase(ids: readonly string[]): Promise<ErasedJobs> {
    const { spool } = this.parts;
    // No job has an ill-formed id, but Redis would read it as that of another.
    const named = ids.filter(isWellFormed);
    if (spool === null) return this.eraseStored(named, new Erased());
    const erased = spool.erase(this.queue.base, named, async (spooled) => {
      const jobs = await this.eraseStored(named, new Erased(new Set(spooled.map(({ id }) => id))));
      // One that had begun to run ends as its run does.
      for (const job of spooled) if (!jobs.running.includes(job.id)) this.tell(endedBefore(job));
      return jobs;
    });
    return this.answer('erasing jobs', erased);
  }

  private async eraseStored(named: readonly string[], erased: Erased): Promise<ErasedJobs> {
    for (let from = 0; from < named.length; from += PAGE_JOBS) {
      await this.eraseAll(named.slice(from, from + PAGE_JOBS), erased);
    }
    if (erased.removed.size > 0) {
      await this.answer('planning the runs of schedules', this.queue.keepSchedules());
    }
    return erased.all;
  }

  /** Those that wait first, many in one pass over each lane: to search a long lane for each would block Redis for other clients. */
  private async eraseAll(ids: readonly string[], erased: Erased): Promise<void> {
    const rest = (): string[] => ids.filter((id) => !erased.has(id));
    for (const [key, level] of await waitingLanes(this.queue, this.parts.connections)) {
      for (let first = 0, seen = 1; seen > 0 && rest().length > 0;) {
        const args = [key, level, first, LANE_PAGE, ...rest()];
        const [, , , looked, left] = await this.eraseBy(eraseWaitingScript, args, erased);
        seen = looked;
        first += looked - left;
      }
    }
    const others = rest();
    for (let from = 0; from < others.length; from += ERASE_STEP) {
      await this.eraseBy(eraseJobsScript, others.slice(from, from + ERASE_STEP), erased);
    }
  }

  /** Tells of what ended also when the answer comes after nobody has waited for it any more. */
  private eraseBy(
    script: LuaScript,
    args: readonly (string | number)[],
    erased: Erased,
  ): Promise<EraseReply> {
    const { scripts } = this.parts;
    const answer = scripts.runPatiently(script, this.queue.base, [randomUUID(), ...args]).then((sent) => {
      const reply = sent as EraseReply;
      this.note(reply, erased);
      return reply;
    });
    return this.answer('erasing jobs', answer);
  }

  private note([ended, unended, marked]: EraseReply, { fromSpool, removed, running }: Erased): void {
    // One that was being sent from the spool is told as it was there.
    for (const job of unended) if (!fromSpool.has(job[0])) this.tell(this.readable(job));
    for (const id of [...ended, ...unended.map(([id]) => id)]) removed.add(id);
    for (const id of marked) running.add(id);
  }

  private tell(job: UntoldJob): void {
    this.queue.emit(JOB_ENDED, erasedEnd(job, this.queue.name));
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

  private run(what: string, script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    return this.answer(what, this.parts.scripts.runPatiently(script, this.queue.base, args));
  }

  private answer<T>(what: string, answer: Promise<T>): Promise<T> {
    return unlessAway(this.queue.name, what, this.parts.connections, answer);
  }
}

/** A job that never reached Redis. */
function endedBefore({ id, name, data, options }: SpooledText): UntoldJob {
  return { id, name, data: readablePayload(data), opts: options, attemptsMade: 0 };
}
