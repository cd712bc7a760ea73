import type { ManagedQueue } from '../../broker/managed-queues.js';
import { JobMatcher, textsNaming } from './wanted-jobs.js';
import type { WantedJobs } from './wanted-jobs.js';

/** What was found in a queue. */
export interface FoundJobs {
  readonly ids: ReadonlySet<string>;
  /** Keys of schedules. */
  readonly schedules: readonly string[];
}

/** What one queue has of jobs that are looked for: those in every state, and schedules. */
export class QueueTraces {
  private readonly matcher: JobMatcher;

  constructor(private readonly managed: ManagedQueue) {
    this.matcher = new JobMatcher(managed.definition);
  }

  /** @param limit at most so many @throws BrokerUnavailableError; signal.reason */
  async find(wanted: WantedJobs, limit: number, signal: AbortSignal): Promise<FoundJobs> {
    const { broker, queue } = this.managed;
    signal.throwIfAborted();
    const schedules = (await broker.schedulesOf(queue).look())
      .filter(
        ({ schedule: { key, record } }) =>
          record !== null && this.matcher.isWanted({ ...record, id: key }, wanted),
      )
      .map(({ schedule: { key } }) => key)
      .slice(0, limit);
    const ids = new Set<string>();
    for await (const page of broker.jobsOf(queue).holding(textsNaming(wanted))) {
      signal.throwIfAborted();
      for (const job of page) {
        if (schedules.length + ids.size >= limit) return { ids, schedules };
        if (this.matcher.isWanted(job, wanted)) ids.add(job.id);
      }
    }
    return { ids, schedules };
  }

  /** @returns how many went, and the jobs that run: they go when they have ended */
  async erase({ ids, schedules }: FoundJobs): Promise<{ removed: number; running: readonly string[] }> {
    const { broker, queue } = this.managed;
    const jobs = await broker.jobsOf(queue).erase([...ids]);
    let removed = jobs.removed.length;
    // Later than its planned run, which is a job like others.
    for (const key of schedules) {
      if (await broker.schedulesOf(queue).change(key, 'forget')) removed += 1;
    }
    return { removed, running: jobs.running };
  }
}
