import { CancelledError } from '../../../jobs/errors.js';
import type { ErasedError } from '../../../jobs/errors.js';
import type { FailureRecord } from '../../../jobs/managed-job.js';
import { TakenJob } from '../../../jobs/taken-job.js';
import { erasedError } from '../../rules/ended-job.js';
import { validFailures } from '../../../admission/stored-failures.js';
import type { StopOrder } from '../scripts/cancel-job.lua.js';
import type { JobReader } from './job-reader.js';
import type { TakenEntry } from './taken-entry.js';

const ALONE: readonly RedisTakenJob[] = [];

/** One run of a job in this process, from being taken until its end is stored. */
export class RedisTakenJob extends TakenJob {
  readonly id: string;
  /** The job's opts as stored text. */
  readonly storedOptions: string;
  /** `mqRun`, which identifies the take that began this run: nothing sent for it may touch a later run. */
  readonly fence: string;
  /** What its end is about besides itself: `d` for a debounce, and `g`, its group, a line break and its tenant. */
  readonly marks: string;
  /** It was taken ahead, to wait for a handler; until it begins, no crash counts against it. */
  readonly isAhead: boolean;
  /** It must not begin any more from this time on, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** It crashed twice and must wait for its turn; until it begins, no crash counts against it. */
  readonly isSuspect: boolean;
  /** Of the first of a batch, which stands for all of them: the others. */
  companions: readonly RedisTakenJob[] = ALONE;
  /** It is one of those others: it has no slot of its own. */
  isCompanion = false;

  /** @throws when the stored job is corrupt */
  constructor(reader: JobReader, entry: TakenEntry) {
    super(
      reader.read(entry),
      crashesOf(entry.mqCrashes),
      undefined,
      timeOf(entry.mqUnknown),
      timeOf(entry.mqWaits),
      timeOf(entry.mqDue),
    );
    const { id, mqCancel, mqErased } = entry;
    this.id = id;
    this.storedOptions = entry.opts ?? '{}';
    this.fence = entry.mqRun ?? '';
    this.marks = marksOf(entry);
    this.isSuspect = entry.mqHeld === 'suspect';
    this.isAhead = entry.isAhead;
    this.expiresAt = entry.mqExpires === null ? Number.POSITIVE_INFINITY : Number(entry.mqExpires);
    if (mqCancel === null && mqErased === null) return;
    this.abort(stopReason(this.job.queue.name, id, { reason: mqCancel ?? '', erased: mqErased !== null }));
  }
}

function marksOf({ deid, mqGroup, mqTenant }: TakenEntry): string {
  const debounce = (deid ?? '') === '' ? '' : 'd';
  return mqGroup === null && mqTenant === null ? debounce : `${debounce}g${mqGroup ?? ''}\n${mqTenant ?? ''}`;
}

/** Why a run must stop. */
export function stopReason(
  queue: string,
  jobId: string,
  { reason, erased }: StopOrder,
): CancelledError | ErasedError {
  const place = { queue, jobId };
  return erased === true ? erasedError(place) : new CancelledError(reason, place);
}

/** The time that a mark begins with: of a job that was passed on, or that waits for somebody outside. */
function timeOf(mark: string | null): number | undefined {
  return mark === null ? undefined : Number.parseInt(mark, 10) || undefined;
}

/** Crash records as the stalled check leaves them: JSON objects, comma-separated. */
function crashesOf(stored: string | null): FailureRecord[] | undefined {
  if (stored === null || stored === '') return undefined;
  try {
    return validFailures(JSON.parse(`[${stored}]`) as unknown[]);
  } catch {
    return undefined;
  }
}
