import { MessageQueueError } from '../../../../kernel/errors.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import { jobOf } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import { outOfMemory } from '../connections/memory-guard.js';
import { replyOf } from '../../../../kernel/redis/redis-replies.js';

/** Turns a Redis error into one of ours; the job was certainly not added. */
export function asQueueError(error: unknown, place: AddPlace): MessageQueueError {
  if (error instanceof MessageQueueError) return error;
  const reply = replyOf(error);
  if (reply?.code === 'OOM') return outOfMemory(place, error as Error);
  const text = error instanceof Error ? error.message : String(error);
  const why = reply === null ? text : `${reply.text}. ${reply.remedy}`;
  return new BrokerUnavailableError(
    `Redis refused ${jobOf(place)} for queue "${place.queue}", which was not added: ${why}`,
    { ...place, cause: error },
    reply?.code,
  );
}
