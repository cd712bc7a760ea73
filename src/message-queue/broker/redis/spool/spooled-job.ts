import { hash } from 'node:crypto';
import { admitJob } from '../../../admission/job-admission.js';
import type { AdmittedJob } from '../../../admission/job-admission.js';
import { JsonPayload, SealedPayload } from '../../../admission/payloads/json-payload.js';
import type { QueueDefinition } from '../../../jobs/queue-definition.js';
import type { AddRequest } from '../../broker.js';
import type { JobText } from '../../jobs-of-queue.js';

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

/** A job that can never be added as it is, and why. */
export interface SetAside {
  readonly job: SpooledJob;
  readonly code: string;
  readonly message: string;
}

/** A job of a spool as it would be stored. */
export interface SpooledText extends JobText {
  readonly options: AdmittedJob['options'];
}

type SpooledRecord = Pick<AddRequest, 'name' | 'critical' | 'idempotency'> &
  Pick<AdmittedJob, 'json' | 'options' | 'plainBytes'>;

/** How long Redis remembers that a job came out of a spool, so that it is added once however often it is sent: a day. */
const REMEMBERED_MS = 24 * 60 * 60_000;

/** What is written of an add that was admitted: all that Redis would have got, its final id included. */
export function spooledJob(
  base: string,
  request: AddRequest,
  { json, bytes, options, plainBytes }: AdmittedJob,
): SpooledJob {
  const { name, critical, idempotency } = request;
  const record: SpooledRecord = { name, critical, idempotency, json, options, plainBytes };
  const { jobId, timestamp = 0 } = options;
  return {
    ...{ base, id: String(jobId), at: timestamp, bytes },
    onceKey: idempotency === undefined ? null : hash('sha256', idempotency.key, 'base64url'),
    fingerprint: idempotency?.fingerprint ?? null,
    record: JSON.stringify(record),
  };
}

/** A record of a spool is not what was written. */
class SpoolRecordError extends Error {
  readonly code = 'SPOOL_RECORD';
}

/**
 * The add of a job that was spooled, which must be one that would be admitted today: its queue may have changed since.
 * @throws SpoolRecordError; what `admitJob` throws
 */
export async function spooledAdd(
  { id, bytes, record }: SpooledJob,
  queue: QueueDefinition,
): Promise<{ request: AddRequest; job: AdmittedJob }> {
  const { name, critical, json, options, plainBytes, ...kept } = readRecord(record, id);
  const idempotency = kept.idempotency ?? { key: `spool:${id}`, fingerprint: id, ttlMs: REMEMBERED_MS };
  const data =
    plainBytes === undefined ? new JsonPayload(json, bytes) : new SealedPayload(json, plainBytes, bytes);
  const job = await admitJob(queue.name, queue, name, data, options);
  return { request: { name, critical, idempotency, data, options }, job };
}

/** What a record says of its job: name, payload and options; null for one that is damaged, which nobody can add either. */
export function textOf({ id, record }: Pick<SpooledJob, 'id' | 'record'>): SpooledText | null {
  try {
    const { name, json, options } = readRecord(record, id);
    return { id, name, data: json, options };
  } catch {
    return null;
  }
}

function readRecord(text: string, id: string): SpooledRecord {
  let record: Partial<SpooledRecord> | null = null;
  try {
    record = JSON.parse(text) as Partial<SpooledRecord> | null;
  } catch {
    // Its error quotes content.
  }
  const isWhole =
    typeof record?.json === 'string' && typeof record.name === 'string' && record.options?.jobId === id;
  if (!isWhole) throw new SpoolRecordError('What the spool says of it is damaged.');
  return record as SpooledRecord;
}
