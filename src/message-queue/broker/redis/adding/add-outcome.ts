import { MessageQueueError } from '../../../../kernel/errors.js';
import { BrokerUnavailableError, IdempotencyConflictError, QueueFullError } from '../../../jobs/errors.js';
import type { AddOutcome, AddRequest } from '../../broker.js';
import type { AddFields, AddReply } from './job-adder.js';
import { outOfMemory } from '../connections/memory-guard.js';
import { replyCode } from '../connections/redis-replies.js';
import type { RedisQueue } from '../redis-queue.js';

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
      `Idempotency key "${key}" of queue "${name}" belongs to job "${reply.id}", which has another payload ` +
        `(fingerprint ${reply.fingerprint}, now ${request.idempotency?.fingerprint ?? ''}). Use a new key for a new payload.`,
      place,
    );
  }
  // The ledger may know the key from this very call, whose first answer was lost; only a generated id tells.
  const ours = reply.status === 'once' && fields.generated === '1' && reply.id === fields.id;
  return {
    id: reply.id,
    deduplicated: reply.status !== 'added' && !ours,
  };
}

/** An error of Redis as one of ours; the job was certainly not added. */
export function asQueueError(error: unknown, queue: string): MessageQueueError {
  if (error instanceof MessageQueueError) return error;
  if (replyCode(error) === 'OOM') return outOfMemory(queue, error as Error);
  const text = error instanceof Error ? error.message : String(error);
  return new BrokerUnavailableError(`Redis refused a job for queue "${queue}": ${text}`, {
    queue,
    cause: error,
  });
}
