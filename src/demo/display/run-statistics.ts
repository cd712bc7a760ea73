import type { JobReport } from './job-reports.js';

/** What one queue did while the demo ran. */
export interface QueueRow {
  readonly queue: string;
  readonly jobs: number;
  readonly succeeded: number;
  readonly retried: number;
  readonly deadLettered: number;
  readonly shredded: number;
  readonly medianWaitMs: number;
  readonly medianRunMs: number;
}

/** How far the jobs are that are known so far. */
export interface RunProgress {
  readonly ended: number;
  readonly total: number;
  /** Jobs that failed and wait for their next attempt. */
  readonly waitingForRetry: number;
  /** When the first of them is due, milliseconds since the epoch; null when none waits. */
  readonly nextRetryAt: number | null;
}

interface JobRecord {
  readonly queue: string;
  addedAt?: number;
  startedAt?: number;
  retryAt?: number;
  wasRetried: boolean;
  hasSucceeded: boolean;
  /** Which success of all it was, from 1; 0 without one. */
  successAt: number;
  wasShredded: boolean;
  deadLetters: number;
  replays: number;
  readonly runsMs: number[];
}

/** Counts what happens to jobs, from the reports of every process. Reports of two processes may come in any order. */
export class RunStatistics {
  private readonly records = new Map<string, JobRecord>();
  private successes = 0;

  /** Takes one report. */
  take(report: JobReport): void {
    const job = this.of(report.queue, report.jobId);
    switch (report.kind) {
      case 'added':
        job.addedAt ??= report.at;
        break;
      case 'started':
        job.startedAt ??= report.at;
        job.retryAt = undefined;
        break;
      case 'succeeded':
        if (!job.hasSucceeded) job.successAt = this.successes += 1;
        job.hasSucceeded = true;
        job.runsMs.push(report.durationMs);
        break;
      case 'retrying':
        // A device that was slow to answer, or an open circuit, does not count as a failure.
        job.wasRetried ||= report.spent;
        job.retryAt = report.at + report.delayMs;
        break;
      case 'shredded':
        job.wasShredded = true;
        break;
      case 'deadLettered':
        job.deadLetters += 1;
        break;
    }
  }

  /** A dead letter goes round again. */
  replayed(queue: string, jobId: string): void {
    this.of(queue, jobId).replays += 1;
  }

  /** Whoever added a job that failed in the add adds it again. @param spent whether it was a failed attempt, and no wait for somebody outside */
  triedAgain(queue: string, jobId: string, spent: boolean): void {
    const job = this.of(queue, jobId);
    job.deadLetters -= 1;
    job.wasRetried ||= spent;
  }

  /** How far everything is. */
  get progress(): RunProgress {
    const { jobs } = this;
    const retries = jobs.flatMap(({ retryAt }) => retryAt ?? []);
    return {
      ended: jobs.filter(hasEnded).length,
      total: jobs.length,
      waitingForRetry: retries.length,
      nextRetryAt: retries.length === 0 ? null : Math.min(...retries),
    };
  }

  /** How many of these jobs of a queue succeeded in their places: none before one that is named before it. */
  inOrder(queue: string, jobIds: readonly string[]): number {
    const at = jobIds.map((jobId) => this.of(queue, jobId).successAt);
    return at.filter((success, place) => success > Math.max(0, ...at.slice(0, place))).length;
  }

  /** Jobs that failed at least once and succeeded in the end, over all queues; replayed dead letters apart. */
  get retriedThenSucceeded(): number {
    return this.count(({ wasRetried, hasSucceeded }) => wasRetried && hasSucceeded);
  }

  /** Jobs that became dead letters, over all queues. */
  get deadLettered(): number {
    return this.count(({ deadLetters }) => deadLetters > 0);
  }

  /** Dead letters that no replay has helped, over all queues. */
  get deadLettersLeft(): number {
    return this.count(({ deadLetters, hasSucceeded }) => deadLetters > 0 && !hasSucceeded);
  }

  /** One row per queue, in the order of `names`. */
  rows(names: readonly string[]): QueueRow[] {
    return names.map((queue) => {
      const jobs = this.jobs.filter((job) => job.queue === queue);
      return {
        queue,
        jobs: jobs.length,
        succeeded: jobs.filter(({ hasSucceeded }) => hasSucceeded).length,
        retried: jobs.filter(({ wasRetried }) => wasRetried).length,
        deadLettered: jobs.filter(({ deadLetters }) => deadLetters > 0).length,
        shredded: jobs.filter(({ wasShredded }) => wasShredded).length,
        medianWaitMs: median(jobs.flatMap(waitMs)),
        medianRunMs: median(jobs.flatMap(({ runsMs }) => runsMs)),
      };
    });
  }

  /** Those that were added in this run: a Redis may hold jobs that an earlier run left. */
  private get jobs(): JobRecord[] {
    return [...this.records.values()].filter(({ addedAt }) => addedAt !== undefined);
  }

  private count(isCounted: (job: JobRecord) => boolean): number {
    return this.jobs.filter(isCounted).length;
  }

  private of(queue: string, jobId: string): JobRecord {
    const key = `${queue} ${jobId}`;
    let job = this.records.get(key);
    if (job === undefined) {
      job = {
        queue,
        wasRetried: false,
        hasSucceeded: false,
        successAt: 0,
        wasShredded: false,
        deadLetters: 0,
        replays: 0,
        runsMs: [],
      };
      this.records.set(key, job);
    }
    return job;
  }
}

function hasEnded({ hasSucceeded, wasShredded, deadLetters, replays }: JobRecord): boolean {
  return hasSucceeded || wasShredded || deadLetters > replays;
}

function waitMs({ addedAt, startedAt }: JobRecord): number[] {
  if (addedAt === undefined || startedAt === undefined) return [];
  // A job may start before its add has returned: it waited for nothing.
  return [Math.max(0, startedAt - addedAt)];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return Math.round(middle * 10) / 10;
}
