/** Endings of the variables that a queue has: `QUEUE_<NAME>_<ending>`. */
export const QUEUE_VARIABLE_SUFFIXES = ['CONCURRENCY', 'ATTEMPTS', 'BACKOFF_MS', 'TIMEOUT_MS'] as const;

/** The `<NAME>` of a queue's variables: `message-delivery` → `MESSAGE_DELIVERY`. */
export function variablePartOf(queueName: string): string {
  return queueName.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}
