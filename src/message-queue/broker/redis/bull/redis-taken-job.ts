import { CancelledError } from '../../../jobs/errors.js';
import type { FailureRecord } from '../../../jobs/managed-job.js';
import { TakenJob } from '../../../jobs/taken-job.js';
import { BullJob } from './bull-internals.js';
import type { RedisQueue } from './redis-queue.js';

/** One run of a job in this process, from being taken until its end is stored. */
export class RedisTakenJob extends TakenJob {
  readonly id: string;
  /** The job's opts as stored text. */
  readonly storedOptions: string;
  /** `mqRun`, which identifies the take that began this run: nothing sent for it may touch a later run. */
  readonly fence: string;
  /** It crashed twice and must wait for its turn; until it begins, no crash counts against it. */
  readonly isSuspect: boolean;

  /**
   * @param hash as stored
   * @throws when the stored job is corrupt
   */
  constructor(queue: RedisQueue, id: string, hash: Readonly<Record<string, string>>) {
    super(BullJob.fromJSON(queue, hash, id), crashesOf(hash['mqCrashes']));
    this.id = id;
    this.storedOptions = hash['opts'] ?? '{}';
    this.fence = hash['mqRun'] ?? '';
    this.isSuspect = hash['mqHeld'] !== undefined;
    if (hash['mqCancel'] !== undefined) this.abort(cancelledError(queue.name, id, hash['mqCancel']));
  }
}

/** Why the run was cancelled. */
export function cancelledError(queue: string, jobId: string, reason: string): CancelledError {
  return new CancelledError(reason, { queue, jobId });
}

/** Crash records as the stalled check leaves them: JSON objects, comma-separated. */
function crashesOf(stored: string | undefined): FailureRecord[] | undefined {
  if (stored === undefined || stored === '') return undefined;
  try {
    return JSON.parse(`[${stored}]`) as FailureRecord[];
  } catch {
    return undefined;
  }
}
