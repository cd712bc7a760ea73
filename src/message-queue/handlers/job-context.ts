import type { LoggerService } from '@nestjs/common';
import type { Job } from 'bull';
import type { JobProgress } from '../jobs/job-progress.js';

/** What a handler gets beside the payload. */
export interface JobContext {
  readonly queue: string;
  readonly jobName: string;
  readonly jobId: string;
  /** This run, from 1. */
  readonly attempt: number;
  /** Runs the job may have in all. */
  readonly maxAttempts: number;
  /**
   * Aborts at the timeout, on cancellation, when the lock is lost and at shutdown; `signal.reason` is the error.
   * A listener on it that throws is logged and counted, and changes nothing for the job.
   */
  readonly signal: AbortSignal;
  /**
   * When the signal aborts at the latest, milliseconds since the epoch on this machine's clock: `deadline - Date.now()` is the time left. If that
   * clock is set while the handler runs, the deadline moves with it; read it anew rather than keep it.
   */
  readonly deadline: number;
  /** Given at enqueue, or the job's id. */
  readonly correlationId: string;
  /** Given at enqueue. */
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  /** When the job was added, by the clock of who added it: nothing that its payload tells of can have happened later. */
  readonly addedAt: Date;
  /** When this run of a schedule was due, however late it starts or how often it is retried; undefined for any other job. */
  readonly scheduledFor: Date | undefined;
  /** Writes lines that carry queue, job, id, attempt and correlation id. */
  readonly logger: Pick<LoggerService, 'log' | 'warn' | 'error' | 'debug'>;
  /** Stores how far the job is. */
  readonly progress: (progress: JobProgress) => Promise<void>;
  /**
   * Ends the run because somebody outside takes no more for a while, such as a provider that answered 429. The job runs again after `ms`, in its
   * place and without spending an attempt. The rate that it is under stays closed for as long, for all workers: that of its name
   * (`flow.jobs`), else that of its queue. Without one, only this job waits, as with `RetryLater`.
   * @param ms milliseconds, at least 1
   * @param reason told with the `retrying` event; quote no content
   * @throws RateLimited always
   */
  readonly rateLimited: (ms: number, reason?: string) => never;
}

/** A run as the handlers' room sees it: the handler's context, and the job that the broker took; of a batch, the first one. */
export interface HandledRun extends JobContext {
  readonly taken: { readonly job: Job };
  /** Of a batch. */
  readonly members?: readonly HandledRun[];
}
