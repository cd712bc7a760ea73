import { JobList } from './job-list.js';
import { MinHeap } from './min-heap.js';
import type { StoredJob } from '../stored-job.js';

/**
 * The jobs that wait, in the order in which Bull's list gives them out: LIFO jobs (newest first), then those with a
 * priority (1 first, FIFO within one), then those without. Adding costs O(1), O(log levels) for the first of a level.
 */
export class WaitingLanes {
  private readonly lifo = new JobList<StoredJob>();
  private readonly plain = new JobList<StoredJob>();
  private readonly byPriority = new Map<number, JobList<StoredJob>>();
  private readonly levels = new MinHeap<number>((level) => level);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Last of its priority; without a priority (0) last of all. */
  push(job: StoredJob, priority: number): void {
    this.laneOf(priority).push(job);
    this.count += 1;
  }

  /** First of its priority. */
  pushFront(job: StoredJob, priority: number): void {
    this.laneOf(priority).unshift(job);
    this.count += 1;
  }

  /** First of all. */
  pushLifo(job: StoredJob): void {
    this.lifo.unshift(job);
    this.count += 1;
  }

  /** The job that runs next, left in its place. */
  peek(): StoredJob | null {
    return this.lifo.head ?? this.firstWithPriority() ?? this.plain.head;
  }

  remove(job: StoredJob): void {
    if (job.list === null) return;
    job.list.remove(job);
    this.count -= 1;
  }

  /** How many wait with this priority; 0 counts those without one. */
  countAt(priority: number): number {
    if (priority === 0) return this.lifo.size + this.plain.size;
    return this.byPriority.get(priority)?.size ?? 0;
  }

  /** The lanes that hold jobs, the one served first in front. */
  lanes(): JobList<StoredJob>[] {
    const levels = [...this.byPriority].sort(([a], [b]) => a - b).map(([, lane]) => lane);
    return [this.lifo, ...levels, this.plain].filter((lane) => lane.size > 0);
  }

  /** When the job that waits longest was added, by the fronts of the lanes; null when none waits. */
  oldestTimestamp(): number | null {
    const fronts = this.lanes().map((lane) => (lane === this.lifo ? lane.tail : lane.head)?.timestamp);
    return fronts.length === 0 ? null : Math.min(...fronts.map((timestamp) => timestamp ?? 0));
  }

  private firstWithPriority(): StoredJob | null {
    for (let level = this.levels.peek(); level !== undefined; level = this.levels.peek()) {
      const head = this.byPriority.get(level)?.head ?? null;
      if (head !== null) return head;
      this.byPriority.delete(level);
      this.levels.pop();
    }
    return null;
  }

  private laneOf(priority: number): JobList<StoredJob> {
    if (priority === 0) return this.plain;
    let lane = this.byPriority.get(priority);
    if (lane === undefined) {
      lane = new JobList<StoredJob>();
      this.byPriority.set(priority, lane);
      this.levels.push(priority);
    }
    return lane;
  }
}
