import {
  BrokerUnavailableError,
  IdempotencyConflictError,
  MessageQueueError,
  QueueFullError,
} from '../../jobs/errors.js';
import type { AddOutcome, AddRequest } from '../broker.js';
import type { AddFields, AddReply } from './job-adder.js';
import type { RedisQueue } from './redis-queue.js';

const FULL_RETRY_AFTER_MS = 1_000;

/** An add as it was sent. */
export interface SentAdd {
  readonly request: AddRequest;
  readonly fields: AddFields;
}

/**
 * What an answered add means to its caller.
 * @throws QueueFullError, IdempotencyConflictError
 */
export function outcomeOf(
  { name, definition }: RedisQueue,
  { request, fields }: SentAdd,
  reply: AddReply,
): AddOutcome {
  const place = { queue: name, job: request.name, jobId: reply.id };
  if (reply.status === 'full') {
    throw new QueueFullError(
      `Queue "${name}" holds ${reply.depth} waiting jobs; its limit is ${definition.maxWaiting}. Nothing was added: ` +
        'try again later, add workers, or raise maxWaiting.',
      reply.depth,
      definition.maxWaiting,
      FULL_RETRY_AFTER_MS,
      { queue: name, job: request.name },
    );
  }
  if (reply.status === 'conflict') {
    const key = request.idempotency?.key ?? '';
    throw new IdempotencyConflictError(
      `Idempotency key "${key}" was used for job "${reply.id}" of queue "${name}" with another payload. ` +
        'Use a new key for a new payload.',
      place,
    );
  }
  // The ledger may know the key from this very call, whose first answer was lost.
  return {
    id: reply.id,
    deduplicated: reply.status !== 'added' && !(reply.status === 'once' && reply.id === fields.id),
  };
}

/** An error of Redis as one of ours; the job was certainly not added. */
export function asQueueError(error: unknown, queue: string): MessageQueueError {
  if (error instanceof MessageQueueError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new BrokerUnavailableError(`Redis refused a job for queue "${queue}": ${text}`, {
    queue,
    cause: error,
  });
}
