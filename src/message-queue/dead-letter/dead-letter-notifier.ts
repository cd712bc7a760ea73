import { Logger } from '@nestjs/common';
import type { FailureRecord } from '../jobs/managed-job.js';

/** What is told about a new dead letter. Never its payload. */
export interface DeadLetterNotice {
  readonly queue: string;
  /** Job name. */
  readonly job: string;
  readonly id: string;
  /** Runs that were spent. */
  readonly attempts: number;
  readonly failure: FailureRecord;
  readonly correlationId: string;
}

/**
 * Told once about every job that becomes a dead letter in this process. Type and injection token in one; plug yours in
 * with `adapters: [{ provide: DeadLetterNotifier, useClass: PagerNotifier }]`.
 */
export abstract class DeadLetterNotifier {
  /** What it throws or rejects with is logged; the job is not affected. */
  abstract notify(notice: DeadLetterNotice): void | Promise<void>;
}

/** The default: one line in the log. */
export class LoggingDeadLetterNotifier extends DeadLetterNotifier {
  private readonly logger = new Logger('DeadLetters');

  notify({ queue, job, id, attempts, failure }: DeadLetterNotice): void {
    const spent = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
    this.logger.error(
      `Job "${job}" (${id}) of queue "${queue}" is a dead letter after ${spent}: ${failure.error}: ${failure.message}`,
    );
  }
}
