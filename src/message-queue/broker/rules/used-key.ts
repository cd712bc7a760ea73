import { isSamePayload } from '../../admission/ledger-entry.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import { keyConflict } from './add-errors.js';

/** An add whose idempotency key is known. */
export interface RepeatedAdd {
  readonly job: string;
  readonly jobId: string;
  /** The payload as it would be stored. */
  readonly json: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** What the ledger says of a key. */
export interface UsedKey {
  /** Of the job that it stands for. */
  readonly jobId: string;
  readonly fingerprint: string;
}

/**
 * An add may use a key again for the payload that it stands for. Asked where the fingerprints differ: that says all of a queue that is not
 * sealed, while one that is makes them with keys that change.
 * @throws IdempotencyConflictError; KeyUnavailableError when the key of the older fingerprint cannot be had
 */
export async function assertSamePayload(
  queue: SealableQueue,
  add: RepeatedAdd,
  used: UsedKey,
): Promise<void> {
  if (await isSamePayload(queue, add, used.fingerprint)) return;
  const place = { queue: queue.name, job: add.job, jobId: used.jobId };
  // A hash of a payload that is sealed belongs into no log: one that was made before it was can be guessed from.
  const fingerprints =
    queue.ledger === undefined ? { used: used.fingerprint, now: add.fingerprint } : undefined;
  throw keyConflict(place, add.key, fingerprints);
}
