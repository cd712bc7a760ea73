import type { FailureRecord } from '../jobs/managed-job.js';

/** What the notifier is told about a new dead letter; never its payload. */
export interface DeadLetterNotice {
  readonly queue: string;
  /** Job name. */
  readonly job: string;
  readonly id: string;
  /** Runs spent. */
  readonly attempts: number;
  readonly failure: FailureRecord;
  readonly correlationId: string;
}

/**
 * Told once about every job that becomes a dead letter in this process. Type and injection token in one; plug yours in
 * with `adapters: [{ provide: DeadLetterNotifier, useClass: PagerNotifier }]`.
 */
export abstract class DeadLetterNotifier {
  /** What it throws or rejects with is logged and counted, and after 10 s nobody waits for it any more: the job is not affected. */
  abstract notify(notice: DeadLetterNotice): void | Promise<void>;
}

/** The default: tells nobody. The execution of jobs logs each dead letter already. */
export class SilentDeadLetterNotifier extends DeadLetterNotifier {
  notify(): void {
    return undefined;
  }
}
