import { packedFailures } from '../../admission/stored-failures.js';
import { boundedJson } from '../../../kernel/values/bounded-text.js';
import { CancelledError } from '../../jobs/errors.js';
import type { FailureRecord, ManagedJobRecord, ReplayRecord } from '../../jobs/managed-job.js';
import { cancelReasonOf } from '../../jobs/settlement.js';
import type { FailedSettlement } from '../../jobs/settlement.js';

/** Failures (crashes among them) and replays that a record keeps, the newest of each, as far as they fit. */
const MOST_RECORDS = 20;
/** Room for the failures of a job as they are stored: with the rest of its history a dead letter takes at most 2 kB beside its payload. */
export const FAILURE_BYTES = 380;
const LEAST_FAILURE_BYTES = 80;
/** What else a record holds, a cancellation or replays, without failures having to give way, bytes. */
const USUAL_BYTES = 240;
const REPLAY_BYTES = 200;
/** Of the reason of a cancellation in the record, and in the job’s failed reason. */
const CANCEL_REASON_BYTES = 500;
const FAILED_REASON_BYTES = 200;
const REPLAYER_BYTES = 200;
/** Lengths to which messages are cut until the failures fit, bytes. That of the last one is kept in full beside them. */
const MESSAGE_BYTES = [120, 60, 30] as const;
const ERROR_BYTES = 50;

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
  // Of an earlier end, from which Bull's own calls brought it back, nothing is left.
  const { cancelled: _earlier, ...kept } = record;
  const cancelled = failure.kind === 'cancelled' ? cancellation(now, cancelReasonOf(settlement)) : undefined;
  return {
    ...kept,
    ...(settlement.trace !== undefined && { lastTrace: settlement.trace }),
    failures: fitting([...earlier, ...fresh, failure], { ...kept, cancelled }),
    ...(cancelled !== undefined && { cancelled }),
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
  const { code, message, reason: shown } = new CancelledError(reason);
  const failure: FailureRecord = {
    at: now,
    attempt: attemptsMade + 1,
    kind: 'cancelled',
    error: code,
    message,
  };
  const cancelled = cancellation(now, shown);
  return {
    ...record,
    failures: fitting([...(record.failures ?? []), failure], { ...record, cancelled }),
    cancelled,
  };
}

/** The record of a dead letter that is put back to waiting: its history stays, a cancellation is taken back. */
export function withReplay(record: ManagedJobRecord, replay: ReplayRecord): ManagedJobRecord {
  const { cancelled: _, ...kept } = record;
  const by = boundedJson(replay.by, REPLAYER_BYTES);
  let replays = [...(record.replays ?? []), { ...replay, by }].slice(-MOST_RECORDS);
  while (replays.length > 1 && bytesOf(replays) > REPLAY_BYTES) replays = replays.slice(1);
  return { ...kept, replays };
}

/** The failed reason of a job that is cancelled before it ran (again). */
export function cancelledReason(reason: string): string {
  return boundedJson(CancelledError.messageOf(reason), FAILED_REASON_BYTES);
}

function cancellation(at: number, reason: string): { at: number; reason: string } {
  return { at, reason: boundedJson(reason, CANCEL_REASON_BYTES) };
}

/**
 * The newest failures, without stacks, and cut until they fit beside what else the record holds; a sealed text, which has room of its own, stays
 * with the newest failure that has one.
 */
function fitting(all: readonly FailureRecord[], { cancelled, replays }: ManagedJobRecord): FailureRecord[] {
  const room = Math.max(
    LEAST_FAILURE_BYTES,
    FAILURE_BYTES - Math.max(0, bytesOf([cancelled, replays]) - USUAL_BYTES),
  );
  const fit = (kept: readonly FailureRecord[]): boolean => failureBytes(kept) <= room;
  const told = all.findLastIndex(({ sealed }) => sealed !== undefined);
  let failures = all
    .map((failure, index) => (index === told ? failure : unsealed(failure)))
    .slice(-MOST_RECORDS);
  for (const bytes of MESSAGE_BYTES) {
    failures = failures.map((failure) => shortened(failure, bytes));
    if (fit(failures)) return failures;
  }
  while (failures.length > 1 && !fit(failures)) failures = failures.slice(1);
  return failures;
}

/** What the history of a job takes as it is stored, but for a sealed text, bytes. */
export function historyBytes({ failures = [], cancelled, replays }: ManagedJobRecord): number {
  return failureBytes(failures) + bytesOf([cancelled, replays]);
}

function failureBytes(failures: readonly FailureRecord[]): number {
  return bytesOf(packedFailures(failures.map(unsealed)));
}

function unsealed({ sealed: _sealed, ...failure }: FailureRecord): FailureRecord {
  return failure;
}

function shortened({ stack: _stack, ...failure }: FailureRecord, bytes: number): FailureRecord {
  const { error, message } = failure;
  return { ...failure, error: boundedJson(error, ERROR_BYTES), message: boundedJson(message, bytes) };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
