import type { ErrorPlace } from '../../../../kernel/errors.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { RedisReply } from './redis-replies.js';

/** The error of a call that Redis answered with an error. @param what was answered: `counting jobs of queue "chat"` */
export function refusedCall(reply: RedisReply, what: string, place: ErrorPlace): BrokerUnavailableError {
  const message = `Redis answered ${what} with an error: ${reply.text}. ${reply.remedy}`;
  return new BrokerUnavailableError(message, place, reply.code);
}
