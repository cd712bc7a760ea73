import type { JobContext } from '../../src/message-queue/handlers/job-context.js';
import { RateLimited } from '../../src/message-queue/jobs/errors.js';
import type { JobProgress } from '../../src/message-queue/jobs/job-progress.js';

/** A JobContext for tests of processors alone: remembers progress and log lines, and can be aborted. */
export interface FakeJobContext extends JobContext {
  readonly reported: readonly JobProgress[];
  /** Log lines of every level. */
  readonly lines: readonly string[];
  /** Aborts the signal. */
  abort(reason: Error): void;
}

/** @param overrides fields that differ: attempt 1 of 3, a deadline a minute after `now` (default: the real time) */
export function fakeJobContext(
  overrides: Partial<Omit<JobContext, 'signal' | 'logger' | 'progress' | 'rateLimited'>> & {
    readonly now?: number;
  } = {},
): FakeJobContext {
  const { now = Date.now(), ...fields } = overrides;
  const controller = new AbortController();
  const reported: JobProgress[] = [];
  const lines: string[] = [];
  const write = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '));
  return {
    queue: 'test-queue',
    jobName: 'test-job',
    jobId: 'm_test',
    attempt: 1,
    maxAttempts: 3,
    deadline: now + 60_000,
    correlationId: 'm_test',
    metadata: {},
    // Later than whatever a payload claims.
    addedAt: new Date(Date.UTC(9999, 11, 31)),
    scheduledFor: undefined,
    ...fields,
    signal: controller.signal,
    logger: { log: write, warn: write, error: write, debug: write },
    reported,
    lines,
    abort: (reason) => controller.abort(reason),
    progress: (progress) => {
      reported.push(progress);
      return Promise.resolve();
    },
    rateLimited: (ms, reason) => {
      throw new RateLimited(ms, reason);
    },
  };
}
