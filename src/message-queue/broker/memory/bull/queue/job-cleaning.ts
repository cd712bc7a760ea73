import type { JobMoves } from '../job/job-moves.js';
import { rangeOf } from './job-ranges.js';
import { keyGlob } from './key-glob.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';

const CLEANABLE = ['completed', 'wait', 'active', 'paused', 'delayed', 'failed'];

/** Bull's ways to remove many jobs. */
export class JobCleaning {
  constructor(
    private readonly engine: QueueEngine,
    private readonly moves: JobMoves,
  ) {}

  /**
   * Removes jobs of a state that are older than `graceMs`, oldest first; active ones only when nobody runs them.
   * @returns their ids
   * @throws Error without a grace period or for an unknown state, as Bull
   */
  clean(graceMs: number | null | undefined, type = 'completed', limit = 0): string[] {
    if (graceMs === undefined || graceMs === null) throw new Error('You must define a grace period.');
    if (!CLEANABLE.includes(type)) throw new Error(`Cannot clean unknown queue type ${type}`);
    const before = this.engine.clock.now() - graceMs;
    const removed: string[] = [];
    for (const job of rangeOf(this.engine, type, 0, -1, true)) {
      if (limit > 0 && removed.length >= limit) break;
      if (job.locked || ageStamp(job) >= before) continue;
      if (job.state === 'completed' || job.state === 'failed') this.engine.store.drop(job);
      else this.moves.drop(job);
      removed.push(job.id);
    }
    return removed;
  }

  /** Removes what waits and what is delayed. */
  empty(): void {
    for (const type of ['wait', 'paused', 'delayed']) {
      for (const job of rangeOf(this.engine, type, 0, -1, true)) this.moves.drop(job);
    }
  }

  /** Removes jobs by a pattern of their ids, in any state, unless somebody runs them. @returns their ids */
  removeMatching(pattern: string): string[] {
    const matches = keyGlob(pattern);
    const removed: string[] = [];
    for (const job of [...this.engine.store.jobs.values()]) {
      if (job.locked || !matches(job.id)) continue;
      this.moves.drop(job);
      removed.push(job.id);
    }
    return removed;
  }

  /** Removes everything, schedules included; the queue must be paused. @throws Error when jobs are active and not `force` */
  obliterate(force: boolean): void {
    const { engine } = this;
    if (engine.store.active.size > 0 && !force) throw new Error('Cannot obliterate queue with active jobs');
    for (const job of [...engine.store.jobs.values()]) this.moves.drop(job);
    engine.store.resetIds();
    engine.repeat.clear();
    engine.debounce.clear();
    engine.metrics.clear();
    engine.paused = false;
  }
}

/** When the job last did something, as Bull's clean compares it. */
function ageStamp(job: StoredJob): number {
  return job.history?.finishedOn ?? job.history?.processedOn ?? job.options.timestamp;
}
