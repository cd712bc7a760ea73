import type { JobId, JobOptions, JobStatusClean } from 'bull';
import { JobCleaning } from './job-cleaning.js';
import { DEFAULT_JOB_NAME } from '../adding/job-creation.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { MemoryQueueOptions } from './memory-queue-core.js';
import { MemoryQueueReader } from './queue-reads.js';
import type { RepeatSettings } from '../adding/repeat-schedule.js';
import { repeatKey } from '../adding/repeat-schedule.js';

type Repeat = RepeatSettings | NonNullable<JobOptions['repeat']>;

/** What keeps a queue in order: cleaning, emptying, retrying, removing schedules. */
export class MemoryQueueKeeper extends MemoryQueueReader {
  private readonly cleaning: JobCleaning;

  constructor(name: string, options?: MemoryQueueOptions) {
    super(name, options);
    this.cleaning = new JobCleaning(this.engine, this.moves);
  }

  /** Removes jobs of a state older than `graceMs` milliseconds. @returns their ids, as Bull (its type says jobs) */
  async clean(graceMs: number, status?: JobStatusClean, limit?: number): Promise<MemoryJob[]> {
    const ids = this.cleaning.clean(graceMs, status || 'completed', limit || 0);
    this.engine.events.emit('cleaned', ids, status || 'completed');
    return ids as unknown as MemoryJob[];
  }

  /** Removes all jobs that wait or are delayed. */
  async empty(): Promise<void> {
    this.cleaning.empty();
  }

  /** Removes jobs whose ids match a pattern in Redis' glob syntax, unless somebody runs them. */
  async removeJobs(pattern: string): Promise<void> {
    for (const id of this.cleaning.removeMatching(pattern)) this.engine.events.emit('removed', id);
  }

  /** Pauses the queue and removes everything in it. @throws Error when jobs are active and not `force` */
  async obliterate(options: { force?: boolean } = {}): Promise<void> {
    await this.pause();
    this.cleaning.obliterate(options.force === true);
  }

  /** Pauses for all workers; redefined with the local pause by the queue. */
  async pause(): Promise<void> {
    this.engine.paused = true;
    this.engine.events.publish('global:paused');
    this.engine.events.emit('paused');
  }

  /** Puts all failed jobs back to waiting, oldest first. */
  async retryJobs(): Promise<void> {
    this.moves.retryAll();
  }

  async retryJob(job: { retry(): Promise<void> }): Promise<void> {
    await job.retry();
  }

  async removeRepeatable(nameOrRepeat: string | (Repeat & { jobId?: JobId }), given?: Repeat): Promise<void> {
    const named = typeof nameOrRepeat === 'string';
    const name = named ? nameOrRepeat : DEFAULT_JOB_NAME;
    const repeat = (named ? given : nameOrRepeat) as RepeatSettings;
    await this.removeRepeatableByKey(repeatKey(name, repeat, repeat.jobId ? `${repeat.jobId}:` : ':'));
  }

  /** Forgets a schedule and removes its pending run. */
  async removeRepeatableByKey(key: string): Promise<void> {
    const pendingId = this.engine.repeat.remove(key);
    const pending = pendingId === null ? undefined : this.engine.store.jobs.get(pendingId);
    if (pending?.state === 'delayed') this.moves.drop(pending);
  }

  /** Frees a debounce key, so that the next job with it is added. (Bull's own method throws.) @returns 1 or 0 */
  async removeDebounceKey(id: string): Promise<number> {
    return this.engine.debounce.delete(id) ? 1 : 0;
  }
}
