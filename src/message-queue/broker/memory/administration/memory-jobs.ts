import { erasedEnd, erasedError } from '../../rules/ended-job.js';
import { JOB_ENDED } from '../../rules/events/local-events.js';
import type { JobEnd } from '../../../jobs/events/job-end.js';
import type { ErasedJobs, JobsOfQueue, JobText } from '../../jobs-of-queue.js';
import type { ManagedMemoryQueue } from '../managed-memory-queue.js';
import { unstartedJob } from '../store/stored-job.js';
import { stopRun } from './queue-administration.js';

const PAGE_JOBS = 500;

/** The jobs of one queue, in every state. */
export class MemoryJobs implements JobsOfQueue {
  constructor(private readonly queue: ManagedMemoryQueue) {}

  async *holding(texts: readonly string[]): AsyncIterable<readonly JobText[]> {
    const { store, turns } = this.queue.engine;
    const jobs = [...store.jobs.values()];
    for (let first = 0; first < jobs.length; first += PAGE_JOBS) {
      yield jobs
        .slice(first, first + PAGE_JOBS)
        .filter(({ state, data }) => state !== null && texts.some((text) => data.includes(text)))
        .map(({ id, name, data }) => ({ id, name, data }));
      await turns.pass();
    }
  }

  async erase(ids: readonly string[]): Promise<ErasedJobs> {
    const { engine, ledger, worker } = this.queue;
    const [removed, running]: [Set<string>, string[]] = [new Set(), []];
    const ends: JobEnd[] = [];
    for (const id of ids) {
      const stored = engine.store.jobs.get(id);
      if (stored === undefined) continue;
      if (stored.state === 'active') {
        stopRun(stored, worker, erasedError({ queue: engine.name, jobId: id }));
        running.push(id);
        continue;
      }
      if (stored.state === 'waiting' || stored.state === 'delayed') {
        ends.push(erasedEnd(unstartedJob(stored), engine.name));
      }
      engine.remove(stored);
      removed.add(id);
    }
    ledger.forget(removed);
    for (const end of ends) engine.events.emit(JOB_ENDED, end);
    return { removed: [...removed], running };
  }
}
