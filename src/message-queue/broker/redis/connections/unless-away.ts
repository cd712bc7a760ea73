import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { RedisConnections } from './redis-connections.js';
import { replyCode } from './redis-replies.js';

/** How long Redis may be away before pending calls are rejected. */
const PATIENCE_MS = 2_000;
const CHECK_EVERY_MS = 200;

/**
 * Waits for the answer to a call on a queue.
 * @param what the call, as an error message names it: `purging jobs`
 * @throws BrokerUnavailableError when Redis has been away for two seconds, or refuses
 */
export function unlessAway<T>(
  queue: string,
  what: string,
  connections: RedisConnections,
  answer: Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setInterval(() => {
      if (connections.awayForMs < PATIENCE_MS) return;
      clearInterval(timer);
      const { trouble } = connections;
      const why = trouble === null ? '' : ` ${trouble.message}`;
      const message =
        `Redis has been away for ${Math.floor(connections.awayForMs / 1_000)} s; ${what} of queue "${queue}" got no answer. ` +
        `Try again when it is back.${why}`;
      reject(new BrokerUnavailableError(message, { queue, cause: trouble ?? undefined }));
    }, CHECK_EVERY_MS);
    const settle =
      <V>(pass: (value: V) => void) =>
      (value: V): void => {
        clearInterval(timer);
        pass(value);
      };
    answer.then(
      settle(resolve),
      settle((error: Error) => reject(replyCode(error) === null ? error : refused(queue, what, error))),
    );
  });
}

function refused(queue: string, what: string, cause: Error): BrokerUnavailableError {
  const message =
    `Redis answered ${what} of queue "${queue}" with an error: ${cause.message.replace(/\.$/, '')}. Try again when ` +
    'its reason is gone.';
  return new BrokerUnavailableError(message, { queue, cause });
}
