/** The names of the six built-in queues. */
export const QueueName = {
  MESSAGE_DELIVERY: 'message-delivery',
  MESSAGE_NOTIFICATION: 'message-notification',
  MESSAGE_INDEXING: 'message-indexing',
  MESSAGE_ENCRYPTION: 'message-encryption',
  BATCH_MESSAGE_SENDING: 'batch-message-sending',
  MESSAGE_CLEANUP: 'message-cleanup',
} as const;

/** One of {@link QueueName}'s values. */
export type QueueName = (typeof QueueName)[keyof typeof QueueName];

/**
 * One value per registered queue: the six by their names, a host's own under theirs. A queue that `builtInQueues` leaves
 * out has none.
 */
export type ByQueueName<Value> = Readonly<Record<QueueName, Value>> & Readonly<Record<string, Value>>;

/** Whether a value is the name of a built-in queue. */
export function isQueueName(value: unknown): value is QueueName {
  return Object.values<unknown>(QueueName).includes(value);
}
