import { plainName } from '../jobs/sealing/keyed-ledger.js';
import { isSealed } from '../jobs/sealing/payload-seal.js';
import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import { fingerprintOf } from './fingerprint.js';

/** What the ledger of a queue keeps of an add with an idempotency key. */
export interface LedgerEntry {
  /** Names that the key may stand under, 43 characters each: a new entry stands under the first, an old one under any. */
  readonly names: readonly string[];
  /** Of the payload. One without blanks. */
  readonly fingerprint: string;
}

/** What of a queue's definition its ledger depends on. */
type LedgerQueue = Pick<SealableQueue, 'ledger'>;

/**
 * The ledger entry of an add. At once if the keys are at hand.
 * @param payload validated
 * @param key the idempotency key
 * @throws KeyUnavailableError, ScopeShreddedError, as a rejection
 */
export function ledgerEntry(
  { ledger }: LedgerQueue,
  job: string,
  payload: object,
  key: string,
): LedgerEntry | Promise<LedgerEntry> {
  const digest = fingerprintOf(payload, job);
  if (ledger === undefined) return { names: [plainName(key)], fingerprint: digest };
  const names = ledger.namesOf(key);
  const fingerprint = ledger.fingerprintOf(job, payload, { key, digest });
  if (!(names instanceof Promise || fingerprint instanceof Promise)) return { names, fingerprint };
  return Promise.all([names, fingerprint]).then(([known, made]) => ({ names: known, fingerprint: made }));
}

/** The names of an idempotency key whose payload has its fingerprint already. @throws KeyUnavailableError, as a rejection */
export function ledgerNames(
  { ledger }: LedgerQueue,
  key: string,
): readonly string[] | Promise<readonly string[]> {
  return ledger === undefined ? [plainName(key)] : ledger.namesOf(key);
}

/**
 * Whether an entry is of the payload of an add, although their fingerprints differ: those of a sealed queue depend on keys, which change.
 * @param json the payload as it would be stored
 * @param fingerprint of the entry
 * @throws KeyUnavailableError
 */
export async function isSamePayload(
  { ledger, seal }: Pick<SealableQueue, 'ledger' | 'seal'>,
  add: { readonly job: string; readonly jobId: string; readonly json: string; readonly key: string },
  fingerprint: string,
): Promise<boolean> {
  if (ledger === undefined) return false;
  const stored: unknown = JSON.parse(add.json);
  const opened = isSealed(stored) ? await seal?.open(add, stored) : { data: stored };
  if (opened === undefined || opened === 'shredded') return false;
  const digest = fingerprintOf(opened.data as object, add.job);
  return ledger.isFingerprintOf(fingerprint, { key: add.key, digest });
}
