import { settlesWithin } from '../../../kernel/time/settles-within.js';

/** How long handlers that still run may take when a broker closes; the service drains before. */
const LONGEST_CLOSE_MS = 3_000;

/** Closes the queues of a broker. Never rejects; waits at most three seconds for handlers that still run. */
export async function closeQueues(queues: Iterable<{ close(): Promise<void> }>): Promise<void> {
  const closing = Array.from(queues, (queue) => queue.close());
  await settlesWithin(Promise.all(closing), LONGEST_CLOSE_MS);
}
