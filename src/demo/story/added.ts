import { setTimeout as pause } from 'node:timers/promises';
import { JobFailedError, UnrecoverableJobError } from '../../message-queue/index.js';
import { DestinationBusyError } from '../../message-queue/ports/index.js';
import type { RunStatistics } from '../display/run-statistics.js';

const ATTEMPTS = 3;
const PAUSE_MS = 1_000;

/**
 * Adds a job as somebody who wants it done. A queue tries again by itself; with the provider `sync` the add runs the job, and whoever adds is
 * the one who tries again, as with any call. What cannot be helped stays a dead letter.
 * @param add must add the same job each time
 * @returns the job's id
 */
export async function added(
  statistics: RunStatistics,
  add: () => Promise<{ readonly id: string }>,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await add()).id;
    } catch (error) {
      if (!(error instanceof JobFailedError)) throw error;
      const { jobId, queue = '', cause } = error;
      const isBusy = cause instanceof DestinationBusyError;
      if (cause instanceof UnrecoverableJobError || (!isBusy && attempt >= ATTEMPTS)) return jobId;
      statistics.triedAgain(queue, jobId, !isBusy);
      await pause((isBusy && cause.retryAfterMs) || PAUSE_MS);
    }
  }
}
