import type { JobEvents } from '../jobs/events/job-events.js';

/** What one run of a job came to; `expired`: it was not started in time, and did not run. */
export type RunOutcome = 'completed' | 'retrying' | 'deferred' | 'dead-lettered' | 'cancelled' | 'expired';

/** One run of a job. */
export interface DrainedRun {
  readonly queue: string;
  readonly job: string;
  readonly jobId: string;
  /** From 1. */
  readonly attempt: number;
  readonly outcome: RunOutcome;
  /** For `completed`. */
  readonly result?: unknown;
  /** For `retrying`, `dead-lettered` and `cancelled`. */
  readonly error?: Error;
  /** For `retrying` and `deferred`: when it runs again, milliseconds from the run. */
  readonly delayMs?: number;
}

/** What happened while a test kit ran jobs, in order. */
export interface DrainReport {
  readonly runs: readonly DrainedRun[];
  readonly completed: number;
  readonly retrying: number;
  readonly deferred: number;
  readonly deadLettered: number;
  readonly cancelled: number;
  readonly expired: number;
}

/** Writes down the runs of jobs until it is told to stop. */
export class DrainRecorder {
  private readonly runs: DrainedRun[] = [];
  private readonly stops: (() => void)[];
  private lastError: Error | undefined;

  constructor(events: JobEvents) {
    this.stops = [
      events.on('completed', ({ result, ...run }) => this.note(run, { outcome: 'completed', result })),
      events.on('failed', ({ error }) => void (this.lastError = error)),
      events.on('retrying', ({ delayMs, spent, ...run }) =>
        this.note(
          run,
          spent ? { outcome: 'retrying', delayMs, error: this.lastError } : { outcome: 'deferred', delayMs },
        ),
      ),
      events.on('deadLettered', ({ error, ...run }) => this.note(run, { outcome: 'dead-lettered', error })),
      events.on('expired', (run) => this.note(run, { outcome: 'expired' })),
      events.on('cancelled', (run) => this.note(run, { outcome: 'cancelled', error: this.lastError })),
    ];
  }

  /** Ends the record. */
  finish(): DrainReport {
    for (const stop of this.stops) stop();
    const count = (outcome: RunOutcome): number => this.runs.filter((run) => run.outcome === outcome).length;
    return {
      runs: this.runs,
      completed: count('completed'),
      retrying: count('retrying'),
      deferred: count('deferred'),
      deadLettered: count('dead-lettered'),
      cancelled: count('cancelled'),
      expired: count('expired'),
    };
  }

  private note(
    { queue, job, jobId, attempt }: Pick<DrainedRun, 'queue' | 'job' | 'jobId' | 'attempt'>,
    rest: Pick<DrainedRun, 'outcome' | 'result' | 'error' | 'delayMs'>,
  ): void {
    this.runs.push({ queue, job, jobId, attempt, ...rest });
  }
}
