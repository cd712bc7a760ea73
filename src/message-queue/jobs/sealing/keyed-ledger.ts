import { hash } from 'node:crypto';

/** A payload that an idempotency key was given for. */
export interface KeyedPayload {
  /** The idempotency key, as the caller gave it. */
  readonly key: string;
  /** The payload's plain fingerprint, which is stored nowhere. */
  readonly digest: string;
}

/**
 * How the ledger of a queue with sealed jobs names idempotency keys and payloads: by keyed hashes, so that whoever reads the ledger can test no
 * guess. What needs no waiting is answered at once.
 */
export interface KeyedLedger {
  /**
   * The names that an idempotency key may stand under. New entries stand under the first; the others are of entries from before a rotation, and
   * from before the queue was sealed.
   * @throws KeyUnavailableError, as a rejection
   */
  namesOf(key: string): readonly string[] | Promise<readonly string[]>;

  /** @throws KeyUnavailableError, ScopeShreddedError, as a rejection */
  fingerprintOf(job: string, payload: object, content: KeyedPayload): string | Promise<string>;

  /**
   * Whether a stored fingerprint is of this payload, whichever key it was made with.
   * @throws KeyUnavailableError
   */
  isFingerprintOf(fingerprint: string, content: KeyedPayload): Promise<boolean>;
}

/** The name of an idempotency key in the ledger of a queue that is not sealed. */
export function plainName(key: string): string {
  return hash('sha256', key, 'base64url');
}
