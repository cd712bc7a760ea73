import type { LoggerService } from '@nestjs/common';
import { quoted } from '../../kernel/values/words.js';
import type { JobRunEventPlace } from './events/job-events.js';

/** The part of a logger that jobs use. */
export type JobLog = Pick<LoggerService, 'log' | 'warn' | 'error' | 'debug'>;

/** The run that a line is about. */
export interface LoggedRun {
  readonly place: JobRunEventPlace;
  readonly maxAttempts: number;
}

/**
 * Adds the run to every line: texts get ` {queue=… job=… id=… attempt=1/5 correlation=…}` at their end, objects (of
 * structured loggers) the same as properties. Other parameters pass through.
 */
export class JobLogger implements JobLog {
  private suffix: string | undefined;

  constructor(
    private readonly base: JobLog,
    private readonly run: LoggedRun,
  ) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.base.log(this.placed(message), ...rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.base.warn(this.placed(message), ...rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.base.error(this.placed(message), ...rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.base.debug?.(this.placed(message), ...rest);
  }

  private placed(message: unknown): unknown {
    const { place, maxAttempts } = this.run;
    if (typeof message === 'object' && message !== null && !(message instanceof Error)) {
      return { ...message, ...place };
    }
    const { queue, job, jobId, attempt, correlationId } = place;
    this.suffix ??=
      `{queue=${word(queue)} job=${word(job)} id=${word(jobId)} attempt=${attempt}/${maxAttempts} ` +
      `correlation=${word(correlationId)}}`;
    return `${String(message)} ${this.suffix}`;
  }
}

/** Ids come from outside: one with a line break or a brace must not forge a line or a field. */
function word(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : quoted(text);
}
