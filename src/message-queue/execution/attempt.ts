import type { Delivery } from '../jobs/delivery.js';
import type { MessageQueueError } from '../../kernel/errors.js';
import type { RegisteredHandler } from '../handlers/handler-registry.js';
import type { LogPlace } from '../jobs/job-logger.js';
import { abortReasonOf } from './job-run.js';
import type { JobRun } from './job-run.js';
import { recordOf } from '../jobs/managed-job.js';
import type { ManagedJobRecord } from '../jobs/managed-job.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';

/** One delivery on its way through the executor: what is known of it from the start, and what the steps find out. */
export class Attempt implements LogPlace {
  readonly queue: string;
  readonly jobName: string;
  readonly jobId: string;
  /** This run, from 1: earlier failed attempts count, crashes of the worker do not. */
  readonly attempt: number;
  readonly correlationId: string;
  readonly record: ManagedJobRecord;
  /** The job's handler, once it was found. */
  handler: RegisteredHandler | undefined;
  /** The run of the handler, once it started. */
  run: JobRun | undefined;
  #abortReason: MessageQueueError | undefined;

  constructor(
    readonly delivery: Delivery,
    readonly definition: QueueDefinition,
    /** Milliseconds since the epoch. */
    readonly startedAt: number,
  ) {
    const { job } = delivery;
    this.record = recordOf(job);
    this.queue = definition.name;
    this.jobName = job.name;
    this.jobId = String(job.id);
    this.attempt = job.attemptsMade + 1;
    this.correlationId = this.record.correlationId ?? this.jobId;
  }

  /** The job's own, else the handler's, else the queue's as they were stored with the job. */
  get maxAttempts(): number {
    const stored = this.delivery.job.opts.attempts ?? this.definition.attempts;
    return this.record.defaultAttempts ? (this.handler?.options.attempts ?? stored) : stored;
  }

  /** The job's own, else the handler's, else the queue's. */
  get timeoutMs(): number {
    return this.record.timeoutMs ?? this.handler?.options.timeoutMs ?? this.definition.timeoutMs;
  }

  /** Why the attempt must stop, or must not count as it ended; undefined while it may go on. */
  ending(): MessageQueueError | undefined {
    return this.run?.ending ?? this.#abortReason;
  }

  /** Hears of the broker's wish to stop, from before the handler starts. @returns stops listening */
  listen(): () => void {
    const { delivery } = this;
    const hear = (reason: unknown): void => {
      this.#abortReason = abortReasonOf(reason);
      this.run?.abort(this.#abortReason);
    };
    if (delivery.onAbort !== undefined) return delivery.onAbort(hear);
    const { signal } = delivery;
    const forward = (): void => hear(signal.reason);
    if (signal.aborted) forward();
    else signal.addEventListener('abort', forward, { once: true });
    return () => signal.removeEventListener('abort', forward);
  }
}
