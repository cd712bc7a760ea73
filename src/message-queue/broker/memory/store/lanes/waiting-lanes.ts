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
  /** Those that wait for the rate of their name, by its id. */
  private readonly behindRates = new Map<string, WaitingLanes>();
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

  /** The job that runs next, or the first of those that wait for a rate, open or not; null when none waits. */
  peekAny(): StoredJob | null {
    return this.peek() ?? this.lanes()[0]?.head ?? null;
  }

  remove(job: StoredJob): void {
    if (job.list === null) return;
    job.list.remove(job);
    this.count -= 1;
  }

  /**
   * Takes a job out of its lane and puts it behind a rate, which serves the same levels.
   * @param rank of its level; infinity: without a priority
   * @param isFirst whether it goes before the others
   */
  moveBehind(job: StoredJob, rate: string, rank: number, isFirst: boolean): void {
    this.remove(job);
    const lanes = this.behindRates.get(rate) ?? new WaitingLanes();
    this.behindRates.set(rate, lanes);
    const lane = lanes.laneOf(Number.isFinite(rank) ? rank : 0);
    if (isFirst) lane.unshift(job);
    else lane.push(job);
    this.count += 1;
  }

  /** Rates that jobs wait for. */
  rates(): Iterable<string> {
    return this.behindRates.keys();
  }

  /** The job that runs next when the rate is open, left in its place; null when none waits for it. */
  peekBehind(rate: string): StoredJob | null {
    const next = this.behindRates.get(rate)?.peek() ?? null;
    if (next === null) this.behindRates.delete(rate);
    return next;
  }

  /** Whether a job waits for a rate. */
  isBehind({ list }: StoredJob): boolean {
    return [...this.behindRates.values()].some((lanes) => lanes.lanes().some((lane) => lane === list));
  }

  /** How many wait with this priority; 0 counts those without one. */
  countAt(priority: number): number {
    const behind = [...this.behindRates.values()].reduce((sum, lanes) => sum + lanes.countAt(priority), 0);
    if (priority === 0) return this.lifo.size + this.plain.size + behind;
    return (this.byPriority.get(priority)?.size ?? 0) + behind;
  }

  /** The lanes that hold jobs, the one served first in front. */
  lanes(): JobList<StoredJob>[] {
    const levels = [...this.byPriority].sort(([a], [b]) => a - b).map(([, lane]) => lane);
    const behind = [...this.behindRates.values()].flatMap((lanes) => lanes.lanes());
    return [...[this.lifo, ...levels, this.plain].filter((lane) => lane.size > 0), ...behind];
  }

  /** From when the job could run that waits longest, by the fronts of the lanes; null when none waits. */
  oldestWaitingAt(): number | null {
    const fronts = this.lanes().map((lane) => (lane === this.lifo ? lane.tail : lane.head)?.couldRunAt);
    return fronts.length === 0 ? null : Math.min(...fronts.map((at) => at ?? 0));
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
