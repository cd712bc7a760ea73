import type { JobEvents } from '../message-queue/index.js';

/** What one queue did while the demo ran. */
export interface QueueRow {
  readonly queue: string;
  readonly jobs: number;
  readonly succeeded: number;
  readonly retried: number;
  readonly deadLettered: number;
  readonly medianWaitMs: number;
  readonly medianRunMs: number;
}

interface QueueRecord {
  readonly jobs: Map<string, number>;
  readonly started: Set<string>;
  readonly succeeded: Set<string>;
  readonly retried: Set<string>;
  readonly deadLettered: Set<string>;
  readonly waitsMs: number[];
  readonly runsMs: number[];
}

/** Counts what happens to the jobs of this process, from its events. */
export class RunStatistics {
  private readonly queues = new Map<string, QueueRecord>();
  private ended = 0;
  private total = 0;

  constructor(events: JobEvents) {
    events.on('enqueued', ({ queue, jobId }) => this.added(queue, jobId));
    events.on('active', ({ queue, jobId }) => this.started(queue, jobId));
    events.on('completed', ({ queue, jobId, durationMs }) => {
      this.of(queue).succeeded.add(jobId);
      this.of(queue).runsMs.push(durationMs);
      this.ended += 1;
    });
    events.on('retrying', ({ queue, jobId }) => void this.of(queue).retried.add(jobId));
    events.on('deadLettered', ({ queue, jobId }) => {
      this.of(queue).deadLettered.add(jobId);
      this.ended += 1;
    });
  }

  /** Jobs added so far, and how many of them have ended. */
  get progress(): { readonly ended: number; readonly total: number } {
    return { ended: this.ended, total: this.total };
  }

  /** A dead letter goes round again. */
  replayed(): void {
    this.ended -= 1;
  }

  /** Jobs that failed at least once and succeeded in the end, over all queues; replayed dead letters apart. */
  get retriedThenSucceeded(): number {
    return [...this.queues.values()].reduce(
      (sum, { retried, succeeded }) => sum + [...retried].filter((id) => succeeded.has(id)).length,
      0,
    );
  }

  /** Jobs that became dead letters, over all queues. */
  get deadLettered(): number {
    return [...this.queues.values()].reduce((sum, { deadLettered }) => sum + deadLettered.size, 0);
  }

  /** Dead letters that no replay has helped, over all queues. */
  get deadLettersLeft(): number {
    return [...this.queues.values()].reduce(
      (sum, { deadLettered, succeeded }) => sum + [...deadLettered].filter((id) => !succeeded.has(id)).length,
      0,
    );
  }

  /** One row per queue, in the order of `names`. */
  rows(names: readonly string[]): QueueRow[] {
    return names.map((queue) => {
      const record = this.of(queue);
      return {
        queue,
        jobs: record.jobs.size,
        succeeded: record.succeeded.size,
        retried: record.retried.size,
        deadLettered: record.deadLettered.size,
        medianWaitMs: median(record.waitsMs),
        medianRunMs: median(record.runsMs),
      };
    });
  }

  private added(queue: string, jobId: string): void {
    const { jobs } = this.of(queue);
    if (jobs.has(jobId)) return;
    jobs.set(jobId, performance.now());
    this.total += 1;
  }

  private started(queue: string, jobId: string): void {
    const { jobs, started, waitsMs } = this.of(queue);
    if (started.has(jobId)) return;
    started.add(jobId);
    // In memory a job may start before its add has returned: it waited for nothing.
    waitsMs.push(Math.max(0, performance.now() - (jobs.get(jobId) ?? performance.now())));
  }

  private of(queue: string): QueueRecord {
    let record = this.queues.get(queue);
    if (record === undefined) {
      record = {
        jobs: new Map(),
        started: new Set(),
        succeeded: new Set(),
        retried: new Set(),
        deadLettered: new Set(),
        waitsMs: [],
        runsMs: [],
      };
      this.queues.set(queue, record);
    }
    return record;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return Math.round(middle * 10) / 10;
}
