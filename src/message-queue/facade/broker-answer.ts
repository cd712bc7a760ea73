import type { ManagedQueue } from '../broker/managed-queues.js';
import { answeredWithin } from '../../kernel/time/answered-within.js';
import { MessageQueueError } from '../../kernel/errors.js';
import { BrokerUnavailableError } from '../jobs/errors.js';

/** How long a broker may take to answer, milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * What a broker answers about a queue, within 2 s.
 * @param what is asked for, in words
 * @throws BrokerUnavailableError when it does not answer in time, or its connection fails
 */
export async function answerOf<T>(
  { broker, definition }: ManagedQueue,
  what: string,
  answer: Promise<T>,
): Promise<T> {
  const unavailable = (cause?: unknown): BrokerUnavailableError =>
    new BrokerUnavailableError(
      `The ${broker.provider} broker did not answer about ${what} of queue "${definition.name}" within ${ANSWER_TIMEOUT_MS} ms. ` +
        'The same call again is safe.',
      { queue: definition.name, cause },
    );
  try {
    return await answeredWithin(answer, ANSWER_TIMEOUT_MS, unavailable);
  } catch (error) {
    throw error instanceof MessageQueueError ? error : unavailable(error);
  }
}
