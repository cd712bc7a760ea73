import { admitJob } from '../../../admission/job-admission.js';
import type { AdmittedJob } from '../../../admission/job-admission.js';
import { newJobId } from '../../../admission/job-id.js';
import type { LedgerEntry } from '../../../admission/ledger-entry.js';
import { ledgerEntry, ledgerNames } from '../../../admission/ledger-entry.js';
import { JsonPayload, SealedPayload } from '../../../admission/payloads/json-payload.js';
import type { JobText } from '../../jobs-of-queue.js';
import type { SealableQueue } from '../../../jobs/sealing/payload-seal.js';
import type { AddRequest, IdempotentAdd } from '../../broker.js';

/** A job as it lies in a spool. */
export interface SpooledJob {
  /** Base key of its queue. */
  readonly base: string;
  readonly id: string;
  /** When it was added, milliseconds since the epoch. */
  readonly at: number;
  /** Of its payload. */
  readonly bytes: number;
  /** The name of its idempotency key in the ledger, and the fingerprint of the payload it was used for; null without a key. */
  readonly onceKey: string | null;
  readonly fingerprint: string | null;
  /** The rest, as JSON. */
  readonly record: string;
}

/** A job that was read to be sent. */
export interface ReadJob extends SpooledJob {
  /** Where it stands: no other job ever stands there. */
  readonly place: number;
}

/** A job that can never be added as it is, and why. */
export interface SetAside {
  readonly job: ReadJob;
  readonly code: string;
  readonly message: string;
}

/** A job of a spool as it would be stored. */
export interface SpooledText extends JobText {
  readonly options: AdmittedJob['options'];
}

interface SpooledRecord
  extends
    Pick<AddRequest, 'name' | 'critical' | 'dueAt'>,
    Pick<AdmittedJob, 'json' | 'options' | 'plainBytes'> {
  /** The key's names depend on the ring of the process that sends it. */
  readonly idempotency?: Omit<IdempotentAdd, 'names'>;
  /** What Redis knows it by, unless its id is generated: another job may have an id that was chosen, once this one is gone. */
  readonly spooledAs?: string;
}

/** What is written of an add that was admitted: all that Redis would have got, its final id included. */
export function spooledJob(
  base: string,
  request: AddRequest,
  { json, bytes, options, plainBytes }: AdmittedJob,
): SpooledJob {
  const { name, critical, dueAt, idempotency } = request;
  const { names = [], ...once } = idempotency ?? {};
  const spooledAs = request.options.jobId === undefined ? undefined : newJobId();
  const record = {
    ...{ name, critical, dueAt, idempotency: idempotency && once, spooledAs },
    ...{ json, options, plainBytes },
  };
  const { jobId, timestamp = 0 } = options;
  return {
    ...{ base, id: String(jobId), at: timestamp, bytes },
    onceKey: names[0] ?? null,
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
 * @throws SpoolRecordError; KeyUnavailableError, ScopeShreddedError; what `admitJob` throws
 */
export async function spooledAdd(
  { id, bytes, record }: SpooledJob,
  queue: SealableQueue,
): Promise<{ request: AddRequest; job: AdmittedJob }> {
  const { name, critical, dueAt, spooledAs, json, options, plainBytes, ...kept } = readRecord(record, id);
  const data =
    plainBytes === undefined ? new JsonPayload(json, bytes) : new SealedPayload(json, plainBytes, bytes);
  const job = await admitJob(queue.name, queue, name, data, options);
  const idempotency = kept.idempotency && {
    ...kept.idempotency,
    ...(await entryOf(queue, name, data, kept.idempotency)),
  };
  return {
    request: { name, critical, dueAt, idempotency, spooledAs: spooledAs ?? id, data, options },
    job,
  };
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

/** A payload that was spooled in plain text may be sealed now, and so is its fingerprint. */
async function entryOf(
  queue: SealableQueue,
  job: string,
  data: JsonPayload,
  { key, fingerprint }: Omit<IdempotentAdd, 'names'>,
): Promise<LedgerEntry> {
  if (queue.ledger === undefined || data instanceof SealedPayload) {
    return { names: await ledgerNames(queue, key), fingerprint };
  }
  return ledgerEntry(queue, job, JSON.parse(data.json) as object, key);
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
