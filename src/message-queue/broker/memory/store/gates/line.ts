import { JobList } from '../lanes/job-list.js';
import type { StoredJob } from '../stored-job.js';

interface Rank {
  readonly rank: number;
  readonly jobs: JobList<StoredJob>;
}

/** Jobs that stand in line for a slot: those of a lower rank first, and by their places within one. Going to either end costs O(ranks). */
export class Line {
  private readonly ranks: Rank[] = [];

  get isEmpty(): boolean {
    return this.ranks.length === 0;
  }

  get size(): number {
    return this.ranks.reduce((size, { jobs }) => size + jobs.size, 0);
  }

  /** Who is next, left in its place. */
  get first(): StoredJob | null {
    return this.ranks[0]?.jobs.head ?? null;
  }

  add(job: StoredJob, rank: number): void {
    const jobs = this.jobsOf(rank);
    const place = placeOf(job);
    let anchor = jobs.tail;
    // Who comes back to its place was the first.
    if (jobs.head !== null && place < placeOf(jobs.head)) anchor = null;
    while (anchor !== null && placeOf(anchor) > place) anchor = anchor.prev;
    jobs.insertAfter(job, anchor);
  }

  remove(job: StoredJob): void {
    const at = this.ranks.findIndex(({ jobs }) => jobs === job.list);
    const { jobs } = this.ranks[at] ?? {};
    if (jobs === undefined) return;
    jobs.remove(job);
    if (jobs.size === 0) this.ranks.splice(at, 1);
  }

  /** Its jobs, in the order of the line. */
  lists(): JobList<StoredJob>[] {
    return this.ranks.map(({ jobs }) => jobs);
  }

  private jobsOf(rank: number): JobList<StoredJob> {
    const next = this.ranks.findIndex((one) => one.rank >= rank);
    const at = next === -1 ? this.ranks.length : next;
    const found = this.ranks[at];
    if (found?.rank === rank) return found.jobs;
    const jobs = new JobList<StoredJob>();
    this.ranks.splice(at, 0, { rank, jobs });
    return jobs;
  }
}

/** The place of a job in its line. */
export function placeOf({ membership }: StoredJob): number {
  return membership?.place ?? 0;
}
