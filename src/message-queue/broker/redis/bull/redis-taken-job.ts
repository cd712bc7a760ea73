import { CancelledError } from '../../../jobs/errors.js';
import type { FailureRecord } from '../../../jobs/managed-job.js';
import { TakenJob } from '../../../jobs/taken-job.js';
import { BullJob } from './bull-internals.js';
import type { RedisQueue } from './redis-queue.js';

/** One run of a job in this process, from being taken until its end is stored. */
export class RedisTakenJob extends TakenJob {
  readonly id: string;
  /** The job's opts as they are stored, as text. */
  readonly storedOptions: string;
  /** Which take began it, `mqRun`: nothing that is sent for this run may touch a later one. */
  readonly fence: string;
  /** It crashed twice and must wait for its turn; until it began nothing counts as its crash. */
  readonly isSuspect: boolean;

  /**
   * @param hash as it is stored
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

/** The reason of a cancelled run. */
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
