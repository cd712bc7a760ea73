import type { JobCounts, JobId, Queue } from 'bull';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';
import { parseTypes } from '../../../rules/bull-arguments.js';
import { countOf, rangeOf } from './job-ranges.js';
import type { MemoryJob } from '../job/memory-job.js';
import type { QueueExtras } from './queue-extras.js';

/** What looking needs of the queue beside its engine. */
export interface ReadParts {
  readonly extras: QueueExtras;
  handleOf(stored: StoredJob): MemoryJob;
}

/** What Bull's getters of jobs take last, although its types do not say so. */
export interface ReadOptions {
  /** Leaves `data` out: it is `{}` then. */
  readonly excludeData?: boolean;
}

/** Equal to Bull: everything of its queue that only looks. */
export class QueueReads {
  readonly #engine: QueueEngine;
  readonly #parts: ReadParts;

  constructor(engine: QueueEngine, parts: ReadParts) {
    this.#engine = engine;
    this.#parts = parts;
  }

  /** The job, or null; undefined without an id, as Bull. */
  async getJob(jobId: JobId): Promise<MemoryJob | null> {
    if (!jobId) return undefined as unknown as null;
    return this.getJobFromId(jobId);
  }

  async getJobFromId(jobId: JobId, options?: ReadOptions): Promise<MemoryJob | null> {
    await this.#engine.turns.look();
    const stored = this.#engine.store.jobs.get(String(jobId));
    return stored === undefined ? null : this.#handle(stored, options);
  }

  async getJobs(
    types?: unknown,
    start?: number,
    end?: number,
    asc?: boolean,
    options?: ReadOptions,
  ): Promise<MemoryJob[]> {
    await this.#engine.turns.look();
    return parseTypes(types).flatMap((type) =>
      rangeOf(this.#engine, type, start ?? 0, end ?? -1, Boolean(asc)).map((job) =>
        this.#handle(job, options),
      ),
    );
  }

  async getRanges(types?: unknown, start?: number, end?: number, asc?: boolean): Promise<string[]> {
    return parseTypes(types).flatMap((type) =>
      rangeOf(this.#engine, type, start ?? 0, end ?? -1, Boolean(asc)).map((job) => job.id),
    );
  }

  getWaiting(start?: number, end?: number, options?: ReadOptions): Promise<MemoryJob[]> {
    return this.getJobs(['wait', 'paused'], start, end, true, options);
  }

  getActive(start?: number, end?: number, options?: ReadOptions): Promise<MemoryJob[]> {
    return this.getJobs('active', start, end, true, options);
  }

  getDelayed(start?: number, end?: number, options?: ReadOptions): Promise<MemoryJob[]> {
    return this.getJobs('delayed', start, end, true, options);
  }

  getCompleted(start?: number, end?: number, options?: ReadOptions): Promise<MemoryJob[]> {
    return this.getJobs('completed', start, end, false, options);
  }

  getFailed(start?: number, end?: number, options?: ReadOptions): Promise<MemoryJob[]> {
    return this.getJobs('failed', start, end, false, options);
  }

  async getJobCounts(...types: unknown[]): Promise<JobCounts> {
    await this.#engine.turns.look();
    const counts: Record<string, number> = {};
    for (const type of parseTypes(types)) {
      const count = this.#count(type);
      if (count !== undefined) counts[type] = count;
    }
    return counts as unknown as JobCounts;
  }

  async getJobCountByTypes(...types: unknown[]): Promise<number> {
    return Object.values(await this.getJobCounts(...types)).reduce<number>(
      (sum, count) => sum + Number(count),
      0,
    );
  }

  /** Waiting, paused and delayed jobs. */
  count(): Promise<number> {
    return this.getJobCountByTypes('wait', 'paused', 'delayed');
  }

  getCompletedCount(): Promise<number> {
    return this.getJobCountByTypes('completed');
  }

  getFailedCount(): Promise<number> {
    return this.getJobCountByTypes('failed');
  }

  getDelayedCount(): Promise<number> {
    return this.getJobCountByTypes('delayed');
  }

  getActiveCount(): Promise<number> {
    return this.getJobCountByTypes('active');
  }

  getWaitingCount(): Promise<number> {
    return this.getJobCountByTypes('wait', 'paused');
  }

  getPausedCount(): Promise<number> {
    return this.getJobCountByTypes('paused');
  }

  /** No job stalls in memory: it dies with its worker. */
  getStalledCount(): Promise<number> {
    return Promise.resolve(0);
  }

  async getCountsPerPriority(priorities: number[]): Promise<Record<string, number>> {
    return Object.fromEntries(
      [...new Set(priorities)].map((level) => [String(level), this.#engine.store.waiting.countAt(level)]),
    );
  }

  async getJobLogs(
    jobId: JobId,
    start = 0,
    end = -1,
    asc = true,
  ): Promise<{ logs: string[]; count: number }> {
    const all = this.#engine.store.jobs.get(String(jobId))?.history?.logs ?? [];
    const ordered = asc ? all : [...all].reverse();
    const until = end < 0 ? all.length + end + 1 : end + 1;
    return { logs: ordered.slice(start, until), count: all.length };
  }

  /** Finished jobs per minute. `data` is text as in Bull, whose type says numbers. */
  async getMetrics(type: 'completed' | 'failed', start = 0, end = -1): ReturnType<Queue['getMetrics']> {
    const { data, ...rest } = this.#parts.extras.metrics.read(type, start, end);
    return { ...rest, data: data as unknown as number[] };
  }

  #count(type: string): number | undefined {
    return type === 'repeat' ? this.#parts.extras.schedules.size : countOf(this.#engine, type);
  }

  #handle(stored: StoredJob, options: ReadOptions | undefined): MemoryJob {
    const job = this.#parts.handleOf(stored);
    if (options?.excludeData) job.data = {};
    return job;
  }
}
