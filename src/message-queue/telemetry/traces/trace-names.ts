/**
 * Names of spans and attributes, by the conventions of OpenTelemetry for messaging. They are still in development there: what changes, changes
 * here.
 */
export const TRACE_NAMES = {
  send: (queue: string): string => `send ${queue}`,
  process: (queue: string): string => `process ${queue}`,
  system: 'messaging.system',
  /** Value of `system`. */
  bull: 'bull',
  queue: 'messaging.destination.name',
  operation: 'messaging.operation.type',
  messageId: 'messaging.message.id',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  job: 'messaging.bull.job.name',
  attempt: 'messaging.bull.job.attempt',
  outcome: 'messaging.bull.outcome',
} as const;
