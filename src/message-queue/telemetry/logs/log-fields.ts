import { isRecord } from '../../../kernel/values/kinds.js';

/** What happened. */
export type LogEvent = 'job_queued' | 'job_completed' | 'job_failed' | 'queue_error' | 'alert';

/** How much it matters. */
export type LogFieldsLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a line of the log says with `logs: { format: 'fields' }`. Nothing of a payload. */
export interface LogFields {
  /** ISO 8601. */
  readonly timestamp: string;
  /** The job's; of what is about no job, one of its own. */
  readonly correlationId: string;
  readonly level: LogFieldsLevel;
  readonly event: LogEvent;
  readonly data: {
    readonly queueName?: string;
    readonly jobId?: string;
    readonly jobName?: string;
    /** From 1. */
    readonly attempt?: number;
    /** Of the attempt, milliseconds. */
    readonly duration?: number;
    /** Name or code of the error and its text; of sealed queues as it is told elsewhere. */
    readonly error?: string;
    /** How many lines like this one were left out since the one before. */
    readonly repeated?: number;
    /** Of an alert. */
    readonly alert?: string;
    readonly status?: 'firing' | 'resolved';
  };
}

/** Whether a logger was handed {@link LogFields}. */
export function isLogFields(message: unknown): message is LogFields {
  return (
    isRecord(message) &&
    typeof message['event'] === 'string' &&
    typeof message['correlationId'] === 'string' &&
    isRecord(message['data'])
  );
}
