import type { FailureRecord, ManagedJobRecord } from '../jobs/managed-job.js';

/**
 * How failures are stored in a job's options: each as `[at, attempt, kind, error, message, sealed]`, where `kind` is a position in
 * {@link KINDS}. What is as in the failure before it is left out (error and message, and of an attempt that follows all but
 * the time), or null before a sealed text. So five attempts that failed for one reason take about 100 bytes, where objects took 600.
 */
type StoredFailure = number | readonly unknown[];

const KINDS = ['error', 'timeout', 'crash', 'cancelled'] as const;

/** Failures as they are stored. */
export function packedFailures(failures: readonly FailureRecord[]): readonly StoredFailure[] {
  return failures.map((failure, index) => packed(failure, failures[index - 1]));
}

/** A record as it is stored. */
export function packedRecord(record: ManagedJobRecord): object {
  const { failures } = record;
  return failures === undefined ? record : { ...record, failures: packedFailures(failures) };
}

/** A stored record: failures of this version, and those of versions before, which are objects. What is none is left out. */
export function unpackedRecord(record: ManagedJobRecord): ManagedJobRecord {
  const { failures, ...rest } = record;
  if (failures === undefined) return record;
  return { ...rest, failures: validFailures(Array.isArray(failures) ? failures : []) };
}

/** The failures of a stored list; what is none is left out. */
export function validFailures(stored: readonly unknown[]): FailureRecord[] {
  const unpacked: FailureRecord[] = [];
  for (const one of stored) {
    const failure = unpackedFailure(one, unpacked.at(-1));
    if (failure !== null) unpacked.push(failure);
  }
  return unpacked;
}

function packed(failure: FailureRecord, before: FailureRecord | undefined): StoredFailure {
  const { at, attempt, kind, error, message, sealed } = failure;
  const isSame = before !== undefined && before.error === error && before.message === message;
  const texts = isSame ? [null, null] : [error, message];
  if (sealed !== undefined) return [at, attempt, KINDS.indexOf(kind), ...texts, sealed];
  if (!isSame) return [at, attempt, KINDS.indexOf(kind), error, message];
  if (before.kind === kind && before.attempt === attempt - 1) return at;
  return [at, attempt, KINDS.indexOf(kind)];
}

function unpackedFailure(stored: unknown, before: FailureRecord | undefined): FailureRecord | null {
  if (typeof stored === 'number') {
    if (before === undefined) return null;
    const { sealed: _, ...same } = before;
    return { ...same, at: stored, attempt: before.attempt + 1 };
  }
  if (!Array.isArray(stored)) return isFailure(stored) ? stored : null;
  const [at, attempt, kind, error, message, sealed] = stored as unknown[];
  const failure = {
    ...{ at, attempt, kind: KINDS[kind as number] },
    ...{ error: error ?? before?.error, message: message ?? before?.message },
    ...(typeof sealed === 'string' && { sealed }),
  };
  return isFailure(failure) ? failure : null;
}

function isFailure(value: unknown): value is FailureRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { at, attempt, kind, error, message } = value as Partial<Record<keyof FailureRecord, unknown>>;
  const areNumbers = typeof at === 'number' && typeof attempt === 'number';
  return (
    areNumbers && KINDS.includes(kind as never) && typeof error === 'string' && typeof message === 'string'
  );
}
