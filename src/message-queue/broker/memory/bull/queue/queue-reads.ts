import type { JobCounts, JobId, JobInformation } from 'bull';
import { countOf, parseTypes, rangeOf } from './job-ranges.js';
import type { MemoryJob } from '../job/memory-job.js';
import { MemoryQueueCore } from './memory-queue-core.js';
import { keyToData } from '../adding/repeat-schedule.js';

/** Everything of Bull's queue that only looks. */
export class MemoryQueueReader extends MemoryQueueCore {
  /** The job, or null; undefined without an id, as Bull. */
  async getJob(jobId: JobId): Promise<MemoryJob | null> {
    if (!jobId) return undefined as unknown as null;
    return this.getJobFromId(jobId);
  }

  async getJobFromId(jobId: JobId): Promise<MemoryJob | null> {
    await this.engine.turns.look();
    const stored = this.engine.store.jobs.get(String(jobId));
    return stored === undefined ? null : this.handleOf(stored);
  }

  async getJobs(types?: unknown, start?: number, end?: number, asc?: boolean): Promise<MemoryJob[]> {
    await this.engine.turns.look();
    return parseTypes(types).flatMap((type) =>
      rangeOf(this.engine, type, start ?? 0, end ?? -1, asc === true).map((job) => this.handleOf(job)),
    );
  }

  async getRanges(types?: unknown, start?: number, end?: number, asc?: boolean): Promise<string[]> {
    return parseTypes(types).flatMap((type) =>
      rangeOf(this.engine, type, start ?? 0, end ?? -1, asc === true).map((job) => job.id),
    );
  }

  getWaiting(start?: number, end?: number): Promise<MemoryJob[]> {
    return this.getJobs(['wait', 'paused'], start, end, true);
  }

  getActive(start?: number, end?: number): Promise<MemoryJob[]> {
    return this.getJobs('active', start, end, true);
  }

  getDelayed(start?: number, end?: number): Promise<MemoryJob[]> {
    return this.getJobs('delayed', start, end, true);
  }

  getCompleted(start?: number, end?: number): Promise<MemoryJob[]> {
    return this.getJobs('completed', start, end, false);
  }

  getFailed(start?: number, end?: number): Promise<MemoryJob[]> {
    return this.getJobs('failed', start, end, false);
  }

  async getJobCounts(...types: unknown[]): Promise<JobCounts> {
    await this.engine.turns.look();
    const counts: Record<string, number> = {};
    for (const type of parseTypes(types)) counts[type] = countOf(this.engine, type);
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
      [...new Set(priorities)].map((level) => [String(level), this.engine.store.waiting.countAt(level)]),
    );
  }

  async getJobLogs(
    jobId: JobId,
    start = 0,
    end = -1,
    asc = true,
  ): Promise<{ logs: string[]; count: number }> {
    const all = this.engine.store.jobs.get(String(jobId))?.history?.logs ?? [];
    const ordered = asc ? all : [...all].reverse();
    const until = end < 0 ? all.length + end + 1 : end + 1;
    return { logs: ordered.slice(start, until), count: all.length };
  }

  async getMetrics(
    type: 'completed' | 'failed',
    start = 0,
    end = -1,
  ): Promise<{
    meta: { count: number; prevTS: number; prevCount: number };
    data: number[];
    count: number;
  }> {
    return this.engine.metrics.read(type, start, end);
  }

  async getRepeatableJobs(start?: number, end?: number, asc?: boolean): Promise<JobInformation[]> {
    return this.engine.repeat.list(start, end, asc);
  }

  getRepeatableCount(): Promise<number> {
    return Promise.resolve(this.engine.repeat.size);
  }

  _keyToData(key: string): ReturnType<typeof keyToData> {
    return keyToData(key);
  }
}
