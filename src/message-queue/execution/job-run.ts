import type { Job } from 'bull';
import type { Clock, ClockTimer } from '../../kernel/time/clock.js';
import { MessageQueueError } from '../../kernel/errors.js';
import { CancelledError, JobTimeoutError, LockLostError, ShutdownError } from '../jobs/errors.js';
import type { JobContext } from '../handlers/job-context.js';
import { JobLogger } from '../jobs/job-logger.js';
import type { JobLog, LogPlace } from '../jobs/job-logger.js';
import { scheduledTimeOf } from '../jobs/managed-job.js';
import type { MiddlewareContext } from './job-middleware.js';
import type { JobProgress } from '../jobs/job-progress.js';

/** What a run is made of. */
export interface JobRunParts extends LogPlace {
  readonly job: Job;
  readonly payload: object;
  readonly metadata: JobContext['metadata'];
  readonly timeoutMs: number;
  /** For the timeout's message: `MessageDeliveryProcessor.processSendMessage`. */
  readonly handler: string;
  readonly clock: Clock;
  readonly logger: JobLog;
  /** Stores a progress report. */
  readonly storeProgress: (progress: JobProgress) => Promise<void>;
  /** Called once, when the signal aborts. */
  readonly onAbort: (reason: MessageQueueError) => void;
}

/**
 * One run of a handler: its context, its timeout and why it must stop. The signal is only made when somebody looks at
 * it, because for a short job it would be a large part of the cost. Read the context's fields, do not spread it.
 */
export class JobRun implements MiddlewareContext {
  readonly queue: string;
  readonly jobName: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly correlationId: string;
  readonly metadata: JobContext['metadata'];
  readonly payload: object;
  readonly startedAt: number;
  readonly deadline: number;

  readonly #parts: JobRunParts;
  #timer: ClockTimer | undefined;
  #controller: AbortController | undefined;
  #logger: JobLogger | undefined;
  /** What the signal says: the first reason. */
  #reason: MessageQueueError | undefined;
  /** What counts at the end: the strongest reason. */
  #ending: MessageQueueError | undefined;
  #isOver = false;

  constructor(parts: JobRunParts) {
    this.queue = parts.queue;
    this.jobName = parts.jobName;
    this.jobId = parts.jobId;
    this.attempt = parts.attempt;
    this.maxAttempts = parts.maxAttempts;
    this.correlationId = parts.correlationId;
    this.metadata = parts.metadata;
    this.payload = parts.payload;
    this.#parts = parts;
    this.startedAt = parts.clock.now();
    this.deadline = this.startedAt + parts.timeoutMs;
    this.#armTimeout();
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get scheduledFor(): Date | undefined {
    return scheduledTimeOf(this.#parts.job);
  }

  /** What the broker took: Bull's job. */
  get taken(): { readonly job: Job } {
    return this.#parts;
  }

  get logger(): JobLogger {
    return (this.#logger ??= new JobLogger(this.#parts.logger, this));
  }

  /** Why the run must not count as it ended by itself; undefined while nothing asked it to stop. */
  get ending(): MessageQueueError | undefined {
    return this.#ending;
  }

  /**
   * Rejects with the signal's reason once the run was told to stop, so a handler that reports progress stops there.
   * A report that cannot be stored is logged; the job goes on. After the run's end it does nothing.
   * @throws RangeError when `percentage` is not a number from 0 to 100
   */
  readonly progress = async (progress: JobProgress): Promise<void> => {
    if (!(progress.percentage >= 0 && progress.percentage <= 100)) {
      throw new RangeError(
        `The percentage of a job's progress must be from 0 to 100, not ${progress.percentage}.`,
      );
    }
    if (this.#reason !== undefined) throw this.#reason;
    if (this.#isOver) return;
    try {
      await this.#parts.storeProgress(progress);
    } catch (error) {
      this.logger.warn(`The job's progress could not be stored: ${String(error)}`);
    }
  };

  /** Tells the run to stop. The signal keeps its first reason; for the end a stronger one may follow. */
  abort(reason: MessageQueueError): void {
    if (this.#isOver) return;
    if (this.#ending === undefined || strength(reason) > strength(this.#ending)) this.#ending = reason;
    if (this.#reason !== undefined) return;
    this.#timer?.cancel();
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#parts.onAbort(reason);
  }

  /** No timer is left afterwards, and nothing can be told any more. */
  end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #armTimeout(): void {
    const left = this.deadline - this.#parts.clock.now();
    this.#timer = this.#parts.clock.setTimer(() => {
      // Very long delays come early (see Clock).
      if (this.#parts.clock.now() < this.deadline) this.#armTimeout();
      else this.abort(this.#timeoutError());
    }, left);
  }

  #timeoutError(): JobTimeoutError {
    const { handler, timeoutMs, queue, jobName, jobId, attempt, maxAttempts } = this.#parts;
    return new JobTimeoutError(
      `${handler} ran longer than ${timeoutMs} ms for job "${jobName}" ${jobId} of queue "${queue}" ` +
        `(attempt ${attempt} of ${maxAttempts}). Raise timeoutMs, or do less per job.`,
      { queue, job: jobName, jobId },
    );
  }
}

/** The reason of a delivery's signal; one that is none of ours means that the worker wants the job back. */
export function abortReasonOf(thrown: unknown): MessageQueueError {
  if (thrown instanceof MessageQueueError) return thrown;
  return new ShutdownError('The run was told to stop.', { cause: thrown });
}

/** A lost lock beats everything, a cancellation a timeout, a timeout a shutdown that came later. */
function strength(reason: MessageQueueError): number {
  if (reason instanceof LockLostError) return 3;
  if (reason instanceof CancelledError) return 2;
  return reason instanceof JobTimeoutError ? 1 : 0;
}
