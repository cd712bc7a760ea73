import { IssuesError, MessageQueueError } from '../../kernel/errors.js';
import type { ErrorPlace } from '../../kernel/errors.js';
import { escaped } from '../../kernel/logging/printable.js';

/** The payload does not fit the job's DTO; lists every field. Thrown before anything reaches the broker. */
export class InvalidPayloadError extends IssuesError {
  readonly code = 'INVALID_PAYLOAD';
}

/** A job option is outside of what the queue can keep safely; lists every option. */
export class InvalidJobOptionsError extends IssuesError {
  readonly code = 'INVALID_JOB_OPTIONS';
}

/** A job name has no handler, or two; or a handler is declared in a way that cannot work. Thrown at start. */
export class HandlerRegistrationError extends MessageQueueError {
  readonly code = 'HANDLER_REGISTRATION';
}

/** No queue of this name is registered. */
export class UnknownQueueError extends MessageQueueError {
  readonly code = 'UNKNOWN_QUEUE';
}

/**
 * The queue has no job of this name. A stored job with an unknown name waits for a version of the app that knows it, and is a
 * dead letter once it has waited for the queue's `waitForVersionMs`.
 */
export class UnknownJobNameError extends MessageQueueError {
  readonly code = 'UNKNOWN_JOB_NAME';
}

/**
 * A job's payload has a newer version than this process knows. The job waits as one with an unknown name does (see
 * {@link UnknownJobNameError}).
 */
export class NewerPayloadError extends MessageQueueError {
  readonly code = 'NEWER_PAYLOAD';
}

/** The `upcast` of a job threw, or did not return an object: its payload cannot be brought up to date. A dead letter at once. */
export class UpcastError extends MessageQueueError {
  readonly code = 'UPCAST_FAILED';
}

/** There is no such job (any more). */
export class JobNotFoundError extends MessageQueueError {
  readonly code = 'JOB_NOT_FOUND';
}

/** The queue has no schedule of this key (any more). */
export class ScheduleNotFoundError extends MessageQueueError {
  readonly code = 'SCHEDULE_NOT_FOUND';
}

/** The job is not in a state that allows what was asked. */
export class JobStateError extends MessageQueueError {
  readonly code = 'JOB_STATE';
}

/** The queue, or one tenant in it, holds as much as it may. Nothing was added: try again after `retryAfterMs`. */
export class QueueFullError extends MessageQueueError {
  readonly code = 'QUEUE_FULL';
  /** Who is full: when it is one tenant, everybody else may still add. */
  readonly scope: 'queue' | 'tenant';
  constructor(
    message: string,
    /** Waiting jobs (or bytes, as the message says) when the add was refused. */
    readonly depth: number,
    readonly limit: number,
    readonly retryAfterMs: number,
    place?: ErrorPlace,
    /** The tenant that is full; undefined when it is the queue, or the store of all queues. */
    readonly tenant?: string,
  ) {
    super(message, place);
    this.scope = tenant === undefined ? 'queue' : 'tenant';
  }
}

/** The broker did not answer in time. The outcome is unknown; the same call again with the same id is safe. */
export class EnqueueTimeoutError extends MessageQueueError {
  readonly code = 'ENQUEUE_TIMEOUT';
}

/** The broker refused or could not be reached, and the job was certainly not added. */
export class BrokerUnavailableError extends MessageQueueError {
  readonly code = 'BROKER_UNAVAILABLE';
  constructor(
    message: string,
    place?: ErrorPlace,
    /** The code of the error that Redis answered with, such as `NOPERM`; null when it did not answer. */
    readonly reply: string | null = null,
  ) {
    super(message, place);
  }
}

/** The idempotency key was used before for another payload. */
export class IdempotencyConflictError extends MessageQueueError {
  readonly code = 'IDEMPOTENCY_CONFLICT';
}

/** Throw it from a handler when trying again cannot help: the job becomes a dead letter at once. */
export class UnrecoverableJobError extends MessageQueueError {
  readonly code: string = 'UNRECOVERABLE_JOB';
}

/** An attempt ran longer than its timeout. Counts as a failed attempt. */
export class JobTimeoutError extends MessageQueueError {
  readonly code = 'JOB_TIMEOUT';
}

const CANCELLED = 'The job was cancelled: ';

/** The job was cancelled; it ends failed, and replay leaves it out. */
export class CancelledError extends MessageQueueError {
  readonly code = 'JOB_CANCELLED';
  /** Why, in the words of who cancelled it, with its control characters escaped. */
  readonly reason: string;

  constructor(reason: string, place?: ErrorPlace) {
    super(CancelledError.messageOf(reason), place);
    this.reason = escaped(reason);
  }

  /** The message of such an error, and what a cancelled job's `failedReason` says. */
  static messageOf(reason: string): string {
    return `${CANCELLED}${escaped(reason)}`;
  }

  /** The reason in a message that {@link messageOf} made; of any other, all of it. */
  static reasonIn(message: string): string {
    return message.startsWith(CANCELLED) ? message.slice(CANCELLED.length) : message;
  }
}

/** The job was not started within its `expiresIn`; it ended without a run, as `expired`: no failure, no dead letter. */
export class JobExpiredError extends MessageQueueError {
  readonly code = 'JOB_EXPIRED';
}

/**
 * What the job is about was erased: the person or the conversation, or the message was recalled. The signal of a run that is under way aborts
 * with it; a handler that throws it ends its run the same way. The job ends as `shredded`: neither success nor failure, not tried again,
 * no dead letter.
 */
export class ErasedError extends MessageQueueError {
  readonly code = 'ERASED';
}

/** Another worker may own the job now: what this attempt does next must not count. */
export class LockLostError extends MessageQueueError {
  readonly code = 'LOCK_LOST';
}

/** The worker is stopping; the attempt was aborted and the job handed back without spending an attempt. */
export class ShutdownError extends MessageQueueError {
  readonly code = 'SHUTDOWN';
}

/** The job killed its worker too often. */
export class CrashLoopError extends MessageQueueError {
  readonly code = 'CRASH_LOOP';
}

/** The dependency's circuit breaker is open; the job waits without spending an attempt. */
export class CircuitOpenError extends MessageQueueError {
  readonly code = 'CIRCUIT_OPEN';
  constructor(
    readonly dependency: string,
    /** When the breaker lets the next call through, in milliseconds from now. */
    readonly retryAfterMs: number,
    place?: ErrorPlace,
  ) {
    super(`The circuit breaker of "${dependency}" is open for ${retryAfterMs} ms more.`, place);
  }
}

/** Only a part of a large batch was added: send it again with this `batchId`, and the rest is. */
export class BatchIncompleteError extends MessageQueueError {
  readonly code = 'BATCH_INCOMPLETE';
  constructor(
    readonly batchId: string,
    /** Jobs of the batch that were added. */
    readonly added: number,
    place: ErrorPlace,
  ) {
    super(
      `Only ${added} jobs of batch "${batchId}" were added; the same call with batchId: "${batchId}" adds the rest.`,
      place,
    );
  }
}

/** This provider cannot do what was asked; the message says what to use instead. */
export class UnsupportedOperationError extends MessageQueueError {
  readonly code = 'UNSUPPORTED_OPERATION';
}

/**
 * Not a failure: throw it from a handler to run the job again after `delayMs` without spending an attempt.
 * @param delayMs milliseconds, at least 1
 */
export class RetryLater extends Error {
  constructor(
    readonly delayMs: number,
    reason = 'The handler asked for a later try.',
  ) {
    super(reason);
    this.name = 'RetryLater';
  }
}

/**
 * Not a failure: somebody outside takes no more for `delayMs`. The job runs again then, in its place and without spending an attempt, and the rate
 * that it is under stays closed for as long, for all workers: that of its name (`flow.jobs`), else that of its queue. Without one, only
 * this job waits, as with {@link RetryLater}. A handler calls `context.rateLimited(delayMs)`; an adapter throws this.
 * @param delayMs milliseconds, at least 1
 */
export class RateLimited extends RetryLater {
  constructor(delayMs: number, reason = 'Nobody takes more of these jobs for now.') {
    super(delayMs, reason);
    this.name = 'RateLimited';
  }
}
