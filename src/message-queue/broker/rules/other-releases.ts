import type { PassedOnSettlement, Settlement } from '../../jobs/settlement.js';

/** How many unknown jobs are looked at to tell their kinds; there are rarely so many kinds that the rest would matter. */
export const MOST_UNKNOWN_READ = 1_000;

/**
 * How long a job that is passed on is left alone for each job of its queue that was: all of them together come back to the workers
 * at most 200 times a second. A worker that knows them fetches them sooner.
 */
export const PAUSE_PER_PASSED_ON_MS = 5;

/** How long a job that is passed on is left alone, milliseconds. @param passedOn how many jobs of its queue were passed on */
export function pauseAmong({ delayMs, leftMs }: PassedOnSettlement, passedOn: number): number {
  return Math.max(1, Math.round(delayMs), Math.round(Math.min(leftMs, passedOn * PAUSE_PER_PASSED_ON_MS)));
}

/** Jobs of one kind that no worker so far knew. */
export interface UnknownKind {
  readonly job: string;
  /** Of the payload. */
  readonly version: number;
  readonly count: number;
  /** When the first of them met a worker, milliseconds since the epoch. */
  readonly since: number;
}

/** Jobs that were passed on by workers that do not know their names or the versions of their payloads. */
export interface UnknownJobs {
  readonly count: number;
  /** By kind, most jobs first; of the 1 000 that have waited longest. */
  readonly kinds: readonly UnknownKind[];
}

/** A job that was passed on. */
export type UnknownJob = Omit<UnknownKind, 'count'>;

/** Whether a worker that ended a run so knows the job: should it be passed on later, it waits anew. */
export function knowsJob({ kind }: Settlement): boolean {
  return kind === 'completed' || kind === 'failed' || kind === 'deferred';
}

/**
 * Jobs that were passed on, by kind: most jobs first.
 * @param count of all jobs
 * @param jobs those that were looked at
 */
export function unknownJobs(count: number, jobs: readonly UnknownJob[]): UnknownJobs {
  const kinds = new Map<string, UnknownKind>();
  for (const { job, version, since } of jobs) {
    const key = `${version} ${job}`;
    const known = kinds.get(key);
    kinds.set(key, {
      job,
      version,
      count: (known?.count ?? 0) + 1,
      since: Math.min(known?.since ?? since, since),
    });
  }
  return { count, kinds: [...kinds.values()].sort((a, b) => b.count - a.count) };
}

/** A queue that lies in the store although no process has registered it for some minutes. */
export interface AbandonedQueue {
  readonly queue: string;
  /** Jobs that wait, are delayed or were active. */
  readonly jobs: number;
  /** Dead letters. */
  readonly failed: number;
  /** When a process last had it registered, milliseconds since the epoch. */
  readonly seenAt: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** A queue that no process has. */
export function abandonedQueue(found: Omit<AbandonedQueue, 'message'>): AbandonedQueue {
  const { queue, jobs, seenAt } = found;
  const message =
    `Queue "${queue}" holds ${jobs} job(s) that nobody runs: no process has registered it since ${new Date(seenAt).toISOString()}. ` +
    'Deploy a release that has it until they are done, or one that purges it.';
  return { ...found, message };
}
