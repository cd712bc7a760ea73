import { MessageQueueError } from '../../../../kernel/errors.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { AddOutcome, AddRequest } from '../../broker.js';
import { jobOf, keyConflict, queueFull } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import type { AddFields } from './long-road.js';
import { outOfMemory } from '../connections/memory-guard.js';
import { replyCode } from '../connections/redis-replies.js';
import type { RedisQueue } from '../bull/redis-queue.js';

/** What the script said about one job. */
export interface AddReply {
  readonly status: 'added' | 'duplicate' | 'once' | 'conflict' | 'debounced' | 'full';
  /** Id of the stored job. */
  readonly id: string;
  /** For `full`: how many jobs wait. */
  readonly depth: number;
  /** For `conflict`: fingerprint of the payload that the key was used for; otherwise empty. */
  readonly fingerprint: string;
}

/** An add as it was sent. */
export interface SentAdd {
  readonly request: AddRequest;
  readonly fields: AddFields;
}

/**
 * What the answer to an add means to its caller.
 * @throws QueueFullError, IdempotencyConflictError
 */
export function outcomeOf(
  { name, definition }: RedisQueue,
  { request, fields }: SentAdd,
  reply: AddReply,
): AddOutcome {
  const place = { queue: name, job: request.name };
  if (reply.status === 'full') {
    throw queueFull(place, reply.depth, definition.maxWaiting);
  }
  if (reply.status === 'conflict' && request.idempotency !== undefined) {
    throw keyConflict({ ...place, jobId: reply.id }, request.idempotency, reply.fingerprint);
  }
  // The ledger may know the key from this very call, whose first answer was lost; only a generated id can tell.
  const ours = reply.status === 'once' && fields.generated === '1' && reply.id === fields.id;
  return {
    id: reply.id,
    deduplicated: reply.status !== 'added' && !ours,
  };
}

/** Turns a Redis error into one of ours; the job was certainly not added. */
export function asQueueError(error: unknown, place: AddPlace): MessageQueueError {
  if (error instanceof MessageQueueError) return error;
  if (replyCode(error) === 'OOM') return outOfMemory(place, error as Error);
  const text = error instanceof Error ? error.message : String(error);
  return new BrokerUnavailableError(
    `Redis refused ${jobOf(place)} for queue "${place.queue}", which was not added: ${text}`,
    { ...place, cause: error },
  );
}
