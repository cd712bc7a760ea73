import type { AdmittedJob } from '../../../admission/job-admission.js';
import { IdempotencyConflictError } from '../../../jobs/errors.js';
import type { AddRequest } from '../../broker.js';
import type { BrokerProblem } from '../redis-broker.options.js';
import { spooledAdd } from './spooled-job.js';
import type { SpooledJob } from './spooled-job.js';

/**
 * Adds a job of the spool.
 * @param store adds it; rejects as an add does
 * @returns whether it is settled: in Redis, or never to be taken by it, which is reported
 */
export async function sendSpooled(
  spooled: SpooledJob,
  queue: string,
  store: (add: { request: AddRequest; job: AdmittedJob }) => Promise<unknown>,
  report: (problem: BrokerProblem) => void,
): Promise<boolean> {
  try {
    await store(spooledAdd(spooled));
    return true;
  } catch (cause) {
    if (!(cause instanceof IdempotencyConflictError || cause instanceof SyntaxError)) return false;
    const message = `Job "${spooled.id}" of the spool will never be added: ${cause.message}`;
    report({ kind: 'spool', queue, jobId: spooled.id, message, cause });
    return true;
  }
}
