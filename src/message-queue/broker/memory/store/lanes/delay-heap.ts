import type { StoredJob } from '../stored-job.js';

function isBefore(a: StoredJob, b: StoredJob): boolean {
  return a.runAt < b.runAt || (a.runAt === b.runAt && a.sequence < b.sequence);
}

/** Delayed jobs, the next one due on top: add, take and remove are O(log n). */
export class DelayHeap {
  private readonly jobs: StoredJob[] = [];

  get size(): number {
    return this.jobs.length;
  }

  peek(): StoredJob | null {
    return this.jobs[0] ?? null;
  }

  push(job: StoredJob): void {
    job.heapIndex = this.jobs.length;
    this.jobs.push(job);
    this.siftUp(job);
  }

  remove(job: StoredJob): void {
    const index = job.heapIndex;
    const last = this.jobs.pop();
    job.heapIndex = -1;
    if (last === undefined || last === job) return;
    this.place(last, index);
    this.siftUp(last);
    this.siftDown(last);
  }

  /** All jobs, the next one due first. O(n log n): for looking at them, not for running them. */
  inOrder(): StoredJob[] {
    return [...this.jobs].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  private place(job: StoredJob, index: number): void {
    this.jobs[index] = job;
    job.heapIndex = index;
  }

  private siftUp(job: StoredJob): void {
    let index = job.heapIndex;
    while (index > 0) {
      const parent = this.jobs[(index - 1) >> 1];
      if (parent === undefined || !isBefore(job, parent)) break;
      const parentIndex = parent.heapIndex;
      this.place(parent, index);
      index = parentIndex;
    }
    this.place(job, index);
  }

  private siftDown(job: StoredJob): void {
    let index = job.heapIndex;
    for (;;) {
      const left = this.jobs[2 * index + 1];
      const right = this.jobs[2 * index + 2];
      if (left === undefined) break;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, job)) break;
      const childIndex = child.heapIndex;
      this.place(child, index);
      index = childIndex;
    }
    this.place(job, index);
  }
}
