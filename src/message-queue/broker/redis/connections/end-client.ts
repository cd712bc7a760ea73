import { Redis } from 'ioredis';
import { settlesWithin } from '../../../../kernel/time/settles-within.js';
import type { RedisClient } from '../../../../kernel/redis/redis-client.js';

/** How long QUIT may take, milliseconds. */
const QUIT_TIMEOUT_MS = 300;

/** What ioredis keeps to itself. */
interface Internals {
  socketTimeoutTimer?: NodeJS.Timeout;
  /** What was unanswered when the last connection broke; the next one that is ready sends it again. */
  prevCommandQueue?: { shift(): { readonly command: { reject(error: Error): void } } | undefined } | null;
  flushQueue(error: Error): void;
}

/** Ends a client once what it was given is answered, or at once when Redis takes too long. */
export async function endPolitely(client: RedisClient): Promise<void> {
  if (client.status === 'ready') await settlesWithin(client.quit(), QUIT_TIMEOUT_MS);
  endAtOnce(client);
}

/**
 * Ends a client, and every call that it was given. ioredis settles none of those that wait for a next connection, and who
 * waits for them keeps the process alive.
 */
export function endAtOnce(client: RedisClient): void {
  // A second disconnect would set a timer for the closed socket, which keeps the process alive.
  if (client.status !== 'end') client.disconnect();
  const internals = client as unknown as Internals;
  const closed = new Error('Connection is closed.');
  internals.flushQueue(closed);
  const { prevCommandQueue: unanswered } = internals;
  for (let call = unanswered?.shift(); call !== undefined; call = unanswered?.shift()) {
    call.command.reject(closed);
  }
  if (client instanceof Redis) forgetSocketTimer(client);
}

/**
 * Stops the timer that watches a socket when the socket closes. ioredis leaves it running; it would end the next connection
 * and keep the process alive. Counts for copies of the client too: a Cluster asks for its slots over them.
 */
export function forgetSocketTimers(client: Redis): Redis {
  client.on('close', () => forgetSocketTimer(client));
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (options) => forgetSocketTimers(duplicate(options));
  return client;
}

function forgetSocketTimer(client: Redis): void {
  const internals = client as unknown as Internals;
  clearTimeout(internals.socketTimeoutTimer);
  internals.socketTimeoutTimer = undefined;
}
