import type { AdmittedJob } from '../../../admission/job-admission.js';
import { BrokerUnavailableError } from '../../../jobs/errors.js';
import type { AddOutcome, AddRequest } from '../../broker.js';
import { assertSamePayload } from '../../rules/used-key.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import { spooledJob } from './spooled-job.js';
import type { Spool } from './spool.js';

/** An add that was admitted. */
export interface Admitted {
  readonly request: AddRequest;
  readonly job: AdmittedJob;
}

/** Writes an add to the spool. @throws what `Spool.put` throws */
export function spoolJob(
  spool: Spool,
  { base, name, definition }: RedisQueue,
  { request, job }: Admitted,
): Promise<AddOutcome> {
  const place = { queue: name, job: request.name, jobId: String(job.options.jobId) };
  const { idempotency } = request;
  const spooled = spooledJob(base, request, job);
  if (idempotency === undefined) return spool.put(spooled, place);
  const { key, names, fingerprint } = idempotency;
  const repeated = { job: request.name, jobId: place.jobId, json: job.json, key, fingerprint };
  return spool.put(spooled, place, {
    names,
    assertSamePayload: (used) => assertSamePayload(definition, repeated, used),
  });
}

/** Whether an add failed because Redis is away, before it was sent. */
export function wasUnsent(error: Error): boolean {
  return error instanceof BrokerUnavailableError && error.reply === null;
}
