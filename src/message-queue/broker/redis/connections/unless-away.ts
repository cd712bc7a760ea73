import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { ErrorPlace } from '../../../../kernel/errors.js';
import type { RedisConnections } from './redis-connections.js';
import { replyOf } from '../../../../kernel/redis/redis-replies.js';

/** How long Redis may be away before pending calls are rejected. */
const PATIENCE_MS = 2_000;
const CHECK_EVERY_MS = 200;

/**
 * Waits for the answer to a call on a queue, or with `null` to one that is of none.
 * @param what the call, as an error message names it: `purging jobs`
 * @throws BrokerUnavailableError when Redis has been away for two seconds, or refuses
 */
export function unlessAway<T>(
  queue: string | null,
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
        `Redis has been away for ${Math.floor(connections.awayForMs / 1_000)} s; ${call(queue, what)} got no answer. ` +
        `Try again when it is back.${why}`;
      reject(new BrokerUnavailableError(message, place(queue, trouble), refusalIn(trouble)));
    }, CHECK_EVERY_MS);
    const settle =
      <V>(pass: (value: V) => void) =>
      (value: V): void => {
        clearInterval(timer);
        pass(value);
      };
    answer.then(
      settle(resolve),
      settle((error: Error) => reject(typed(queue, what, error, connections))),
    );
  });
}

/** Redis is known to be away, and nothing was sent. */
export function unasked(
  queue: string | null,
  what: string,
  { trouble }: RedisConnections,
): BrokerUnavailableError {
  const why = trouble === null ? '' : ` ${trouble.message}`;
  const message = `Redis is away: ${call(queue, what)} was not begun. Try again when it is back.${why}`;
  return new BrokerUnavailableError(message, place(queue, trouble), refusalIn(trouble));
}

/** The code of the reply with which Redis refuses connections; null when it does not answer. */
export function refusalIn(trouble: Error | null): string | null {
  return trouble instanceof BrokerUnavailableError ? trouble.reply : null;
}

/** What a connection that fails rejects with, in the words of its client. */
const LOST = /^(MaxRetriesPerRequestError|AbortError|ClusterAllFailedError)$/;
const CLOSED =
  /^Connection is closed|connections of this broker are closed|^Stream isn't writeable|^Socket closed/;

function typed(queue: string | null, what: string, error: Error, { isClosed }: RedisConnections): Error {
  const reply = replyOf(error);
  if (reply !== null) {
    const message = `Redis answered ${call(queue, what)} with an error: ${reply.text}. ${reply.remedy}`;
    return new BrokerUnavailableError(message, place(queue, error), reply.code);
  }
  if (!LOST.test(error.name) && !CLOSED.test(error.message)) return error;
  if (isClosed) {
    const message = `The connections to Redis are closed, as the app is stopping: ${call(queue, what)} got no answer.`;
    return new BrokerUnavailableError(message, place(queue, error));
  }
  const message =
    `The connection to Redis was lost or closed before it answered ${call(queue, what)}: ` +
    `${error.message.replace(/\.$/, '')}. Redis may have done it; look, and try again.`;
  return new BrokerUnavailableError(message, place(queue, error));
}

function call(queue: string | null, what: string): string {
  return queue === null ? what : `${what} of queue "${queue}"`;
}

function place(queue: string | null, cause: Error | null): ErrorPlace {
  return { ...(queue !== null && { queue }), ...(cause !== null && { cause }) };
}
