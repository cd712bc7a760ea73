import type { AdmittedJob } from '../../../admission/job-admission.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { AddOutcome, AddRequest } from '../../broker.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { spooledJob } from './spooled-job.js';
import type { Spool } from './spool.js';

/** An add that was admitted. */
interface Admitted {
  readonly request: AddRequest;
  readonly job: AdmittedJob;
}

/** Writes an add to the spool. @throws what `Spool.put` throws */
export function spoolJob(
  spool: Spool,
  { base, name }: RedisQueue,
  { request, job }: Admitted,
): Promise<AddOutcome> {
  const place = { queue: name, job: request.name, jobId: String(job.options.jobId) };
  return spool.put(spooledJob(base, request, job), place, request.idempotency?.key);
}

/** Whether an add failed because Redis is away, before it was sent. */
export function wasUnsent(error: Error): boolean {
  return error instanceof BrokerUnavailableError && error.reply === null;
}
