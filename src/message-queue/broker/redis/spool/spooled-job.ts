import { hash } from 'node:crypto';
import type { AdmittedJob } from '../../../admission/job-admission.js';
import { JsonPayload } from '../../../admission/json-payload.js';
import type { AddRequest } from '../../broker.js';

/** A job as it lies in a spool. */
export interface SpooledJob {
  /** Base key of its queue. */
  readonly base: string;
  readonly id: string;
  /** When it was added, milliseconds since the epoch. */
  readonly at: number;
  /** Of its payload. */
  readonly bytes: number;
  /** What its idempotency key is known by, and the fingerprint of the payload it was used for; null without a key. */
  readonly onceKey: string | null;
  readonly fingerprint: string | null;
  /** The rest, as JSON. */
  readonly record: string;
}

type SpooledRecord = Pick<AddRequest, 'name' | 'critical' | 'idempotency'> &
  Pick<AdmittedJob, 'json' | 'options'>;

/** How long Redis remembers that a job came out of a spool, so that it is added once however often it is sent: a day. */
const REMEMBERED_MS = 24 * 60 * 60_000;

/** What is written of an add that was admitted: all that Redis would have got, its final id included. */
export function spooledJob(
  base: string,
  request: AddRequest,
  { json, bytes, options }: AdmittedJob,
): SpooledJob {
  const { name, critical, idempotency } = request;
  const record: SpooledRecord = { name, critical, idempotency, json, options };
  const { jobId, timestamp = 0 } = options;
  return {
    ...{ base, id: String(jobId), at: timestamp, bytes },
    onceKey: idempotency === undefined ? null : hash('sha256', idempotency.key, 'base64url'),
    fingerprint: idempotency?.fingerprint ?? null,
    record: JSON.stringify(record),
  };
}

/** The add of a job that was spooled. @throws SyntaxError when it is not what was written */
export function spooledAdd({ id, bytes, record }: SpooledJob): { request: AddRequest; job: AdmittedJob } {
  const { json, options, ...rest } = JSON.parse(record) as SpooledRecord;
  const idempotency = rest.idempotency ?? { key: `spool:${id}`, fingerprint: id, ttlMs: REMEMBERED_MS };
  return {
    request: { ...rest, idempotency, data: new JsonPayload(json, bytes), options },
    job: { json, bytes, options },
  };
}
