import type { LoggerService } from '@nestjs/common';

/** The part of a logger that jobs use. */
export type JobLog = Pick<LoggerService, 'log' | 'warn' | 'error' | 'debug'>;

/** Which run a line is about. */
export interface LogPlace {
  readonly queue: string;
  readonly jobName: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly correlationId: string;
}

/**
 * Adds the run to every line: texts get ` {queue=… job=… id=… attempt=1/5 correlation=…}` at their end, objects (of
 * structured loggers) the same as properties. Other parameters pass through.
 */
export class JobLogger implements JobLog {
  private suffix: string | undefined;

  constructor(
    private readonly base: JobLog,
    private readonly place: LogPlace,
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
    const { queue, jobName, jobId, attempt, maxAttempts, correlationId } = this.place;
    if (typeof message === 'object' && message !== null && !(message instanceof Error)) {
      return { ...message, queue, job: jobName, jobId, attempt, correlationId };
    }
    this.suffix ??=
      `{queue=${word(queue)} job=${word(jobName)} id=${word(jobId)} attempt=${attempt}/${maxAttempts} ` +
      `correlation=${word(correlationId)}}`;
    return `${String(message)} ${this.suffix}`;
  }
}

/** Ids come from outside: one with a line break must not forge a line. */
function word(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : JSON.stringify(text);
}
