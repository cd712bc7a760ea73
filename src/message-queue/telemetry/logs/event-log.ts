import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { printable } from '../../../kernel/logging/printable.js';
import type { Clock } from '../../../kernel/time/clock.js';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import type { JobEventPlace, JobRunEventPlace } from '../../jobs/events/job-events.js';
import { JobLogger } from '../../jobs/job-logger.js';
import type { JobLog } from '../../jobs/job-logger.js';
import type { FailureRecord } from '../../jobs/managed-job.js';
import type { LogEvent, LogFields, LogFieldsLevel } from './log-fields.js';
import { LimitedLines } from './limited-lines.js';
import type { LogSettings } from './log-settings.js';

/** Longest error in a line, characters. */
const LONGEST_ERROR = 300;

/** A run as the log names it. */
interface LoggedRun {
  readonly place: JobRunEventPlace;
  readonly maxAttempts: number;
}

/**
 * Says what becomes of jobs in lines with the same fields for every event, where that is asked for (`logs.format`), and that jobs have
 * completed (`logs.completed`). Of one kind of line at most ten a second are written.
 */
export class EventLog {
  readonly #lines: LimitedLines;
  readonly #completed: NonNullable<LogSettings['completed']>;
  /** Whether failures, problems and alerts are told here, and not in sentences elsewhere. */
  readonly hasFields: boolean;

  constructor(
    { format, completed }: LogSettings,
    private readonly clock: Clock,
    private readonly logger: JobLog = new SafeLogger('MessageQueue'),
  ) {
    this.hasFields = format === 'fields';
    this.#completed = completed ?? (this.hasFields ? 'info' : 'off');
    this.#lines = new LimitedLines(clock);
  }

  /** A job was added by this process. */
  queued(place: JobEventPlace, correlationId: string | undefined): void {
    // Asked each time: hosts change their levels while they run.
    if (!this.hasFields || !Logger.isLevelEnabled('debug')) return;
    this.#write('debug', 'job_queued', { ...place, correlationId: correlationId ?? place.jobId });
  }

  /** A run ended well. */
  completed({ place, maxAttempts }: LoggedRun, durationMs: number): void {
    if (this.#completed === 'off') return;
    if (this.hasFields) {
      this.#write(this.#completed, 'job_completed', { ...place, durationMs });
      return;
    }
    const method = this.#completed === 'info' ? 'log' : 'debug';
    const logger = new JobLogger(this.logger, { place, maxAttempts });
    this.#lines.add(['job_completed', place.queue, place.job].join('\n'), (repeated) => {
      // The one that is told of is one of those that were left out.
      logger[method](`Completed in ${durationMs} ms${repeated > 1 ? `, as ${repeated - 1} more did` : ''}`);
    });
  }

  /** An attempt failed. With fields only. @param isDead whether the job is a dead letter now */
  failed({ place }: LoggedRun, failure: FailureRecord, durationMs: number, isDead: boolean): void {
    const error = `${failure.error}: ${failure.message}`;
    this.#write(isDead ? 'error' : 'warn', 'job_failed', { ...place, durationMs, error }, failure.error);
  }

  /** Something of a queue, or of the broker, failed outside of jobs. With fields only. @param kind of what it is one */
  problem(queue: string | undefined, message: string, kind: string): void {
    this.#write('error', 'queue_error', { queue, error: message }, kind);
  }

  /** An alert fires, or is over. With fields only. */
  alert({ rule, queue, status, severity, message, id }: AlertNotice): void {
    const level = status === 'resolved' ? 'info' : severity === 'critical' ? 'error' : 'warn';
    const about = { queue: queue ?? undefined, error: message, correlationId: id, alert: rule, status };
    this.#write(level, 'alert', about, `${rule}\n${status}`);
  }

  /** Writes at once what was left out until now. */
  flush(): void {
    this.#lines.flush();
  }

  #write(level: LogFieldsLevel, event: LogEvent, about: About, kind = ''): void {
    this.#lines.add([event, about.queue ?? '', about.job ?? '', kind].join('\n'), (repeated) => {
      const fields = fieldsOf(level, event, about, repeated, this.clock.now());
      if (level === 'info') this.logger.log(fields);
      else if (level === 'debug') this.logger.debug?.(fields);
      else this.logger[level](fields);
    });
  }
}

/** What a line is about. */
interface About {
  readonly queue?: string;
  readonly job?: string;
  readonly jobId?: string;
  readonly attempt?: number;
  readonly correlationId?: string;
  readonly durationMs?: number;
  readonly error?: string;
  readonly alert?: string;
  readonly status?: AlertNotice['status'];
}

function fieldsOf(
  level: LogFieldsLevel,
  event: LogEvent,
  { queue, job, jobId, attempt, correlationId = randomUUID(), durationMs, error, alert, status }: About,
  repeated: number,
  now: number,
): LogFields {
  return {
    timestamp: new Date(now).toISOString(),
    correlationId,
    level,
    event,
    data: {
      ...(queue !== undefined && { queueName: queue }),
      ...(jobId !== undefined && { jobId }),
      ...(job !== undefined && { jobName: job }),
      ...(attempt !== undefined && { attempt }),
      ...(durationMs !== undefined && { duration: durationMs }),
      ...(error !== undefined && { error: printable(error, LONGEST_ERROR) }),
      ...(alert !== undefined && { alert }),
      ...(status !== undefined && { status }),
      ...(repeated > 0 && { repeated }),
    },
  };
}
