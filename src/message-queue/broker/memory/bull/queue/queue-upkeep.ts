import type { JobStatusClean } from 'bull';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';
import type { JobMoves } from '../job/job-moves.js';
import type { MemoryJob } from '../job/memory-job.js';
import { rangeOf } from './job-ranges.js';
import { keyGlob } from './key-glob.js';
import type { QueueExtras } from './queue-extras.js';

/** What keeping order needs of the queue beside its engine. */
export interface UpkeepParts {
  readonly moves: JobMoves;
  readonly extras: QueueExtras;
  /** Pauses the queue for all workers. */
  pause(): Promise<void>;
}

const CLEANABLE = ['completed', 'wait', 'active', 'paused', 'delayed', 'failed'];

/** Equal to Bull: what keeps its queue in order: cleaning, emptying, retrying. */
export class QueueUpkeep {
  readonly #engine: QueueEngine;
  readonly #parts: UpkeepParts;

  constructor(engine: QueueEngine, parts: UpkeepParts) {
    this.#engine = engine;
    this.#parts = parts;
  }

  /**
   * Removes jobs of a state that are older than `graceMs` milliseconds, oldest first; active ones only when nobody runs
   * them. @returns their ids, as Bull (its type says jobs)
   * @throws Error without a grace period or for an unknown state, as Bull
   */
  async clean(graceMs: number, status?: JobStatusClean, limit?: number): Promise<MemoryJob[]> {
    const type = status || 'completed';
    const ids = cleanJobs(this.#engine, graceMs, type, limit || 0);
    this.#engine.events.emit('cleaned', ids, type);
    return ids as unknown as MemoryJob[];
  }

  /** Removes all jobs that wait or are delayed. */
  async empty(): Promise<void> {
    for (const type of ['wait', 'paused', 'delayed']) {
      for (const job of rangeOf(this.#engine, type, 0, -1, true)) this.#engine.remove(job);
    }
  }

  /** Removes jobs whose ids match a pattern in Redis' glob syntax, in any state, unless somebody runs them. */
  async removeJobs(pattern?: string): Promise<void> {
    const matches = keyGlob(pattern ?? '');
    const removed = [...this.#engine.store.jobs.values()].filter((job) => !job.locked && matches(job.id));
    for (const job of removed) this.#engine.remove(job);
    for (const { id } of removed) this.#engine.events.emit('removed', id);
  }

  /** Pauses the queue and removes everything, schedules included. @throws Error when jobs are active and not `force` */
  async obliterate(options?: { force?: boolean }): Promise<void> {
    await this.#parts.pause();
    const engine = this.#engine;
    if (engine.store.active.size > 0 && !options?.force) {
      throw new Error('Cannot obliterate queue with active jobs');
    }
    for (const job of [...engine.store.jobs.values()]) engine.remove(job);
    engine.store.resetIds();
    engine.store.everExpired = 0;
    engine.gates.groups.forgetSettings();
    this.#parts.extras.clear();
    engine.paused = false;
  }

  /** Puts all failed jobs back to waiting, oldest first. */
  async retryJobs(): Promise<void> {
    this.#parts.moves.retryAll();
  }

  async retryJob(job: { retry(): Promise<void> }): Promise<void> {
    await job.retry();
  }

  /** Frees a debounce key, so that the next job with it is added. (Bull's own method throws.) @returns 1 or 0 */
  async removeDebounceKey(id: string): Promise<number> {
    return this.#parts.extras.debounce.delete(id) ? 1 : 0;
  }
}

function cleanJobs(
  engine: QueueEngine,
  graceMs: number | null | undefined,
  type: string,
  limit: number,
): string[] {
  if (graceMs === undefined || graceMs === null) throw new Error('You must define a grace period.');
  if (!CLEANABLE.includes(type)) throw new Error(`Cannot clean unknown queue type ${type}`);
  const before = engine.clock.now() - graceMs;
  const removed: string[] = [];
  for (const job of rangeOf(engine, type, 0, -1, true)) {
    if (limit > 0 && removed.length >= limit) break;
    if (job.locked || ageStamp(job) >= before) continue;
    if (job.state === 'completed' || job.state === 'failed') engine.drop(job);
    else engine.remove(job);
    removed.push(job.id);
  }
  return removed;
}

/** When the job last did something, as Bull's clean compares it. */
function ageStamp(job: StoredJob): number {
  return job.history?.finishedOn ?? job.history?.processedOn ?? job.timestamp;
}
