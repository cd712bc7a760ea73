import { CancelledError } from '../../jobs/errors.js';
import type { FailureRecord, ManagedJobRecord, ReplayRecord } from '../../jobs/managed-job.js';
import { cancelReasonOf } from '../../jobs/settlement.js';
import type { FailedSettlement } from '../../jobs/settlement.js';

/** Failures (crashes among them) and replays that a record keeps, the newest of each. */
const MOST_RECORDS = 20;

/**
 * The record of a job after a failed run.
 * @param now milliseconds since the epoch
 * @param crashes of workers that ran the job, kept beside the record until now; those that are in it already are known by their time
 */
export function withFailure(
  record: ManagedJobRecord,
  settlement: FailedSettlement,
  now: number,
  crashes: readonly FailureRecord[] = [],
): ManagedJobRecord {
  const { failure } = settlement;
  const earlier = record.failures ?? [];
  const known = new Set(earlier.filter(({ kind }) => kind === 'crash').map(({ at }) => at));
  const fresh = crashes.filter(({ at }) => !known.has(at));
  return {
    ...record,
    failures: newest([...earlier, ...fresh, failure]),
    ...(failure.kind === 'cancelled' && { cancelled: { at: now, reason: cancelReasonOf(settlement) } }),
  };
}

/**
 * The record of a job that is cancelled before it ran (again).
 * @param attemptsMade attempts it had spent by then
 * @param now milliseconds since the epoch
 */
export function withCancellation(
  record: ManagedJobRecord,
  attemptsMade: number,
  reason: string,
  now: number,
): ManagedJobRecord {
  const { code, message } = new CancelledError(reason);
  const failure: FailureRecord = {
    at: now,
    attempt: attemptsMade + 1,
    kind: 'cancelled',
    error: code,
    message,
  };
  return {
    ...record,
    failures: newest([...(record.failures ?? []), failure]),
    cancelled: { at: now, reason },
  };
}

/** The record of a dead letter that is put back to waiting: its history stays, a cancellation is taken back. */
export function withReplay(record: ManagedJobRecord, replay: ReplayRecord): ManagedJobRecord {
  const { cancelled: _, ...kept } = record;
  return { ...kept, replays: newest([...(record.replays ?? []), replay]) };
}

function newest<Entry>(entries: readonly Entry[]): Entry[] {
  return entries.slice(-MOST_RECORDS);
}
