import { createHmac, hkdfSync } from 'node:crypto';
import { answeredWithin } from '../../kernel/time/answered-within.js';
import { plainName } from '../jobs/sealing/keyed-ledger.js';
import type { KeyedLedger, KeyedPayload } from '../jobs/sealing/keyed-ledger.js';
import { KeyUnavailableError } from '../jobs/sealing/sealing-errors.js';
import type { CodecState } from './codec-state.js';
import type { DataKey } from './keys/data-keys.js';
import { nameHash } from './keys/name-keys.js';
import type { NameKey } from './keys/name-keys.js';

/** Between the id of the key that a fingerprint was made with and the fingerprint itself; in neither of them. */
const AFTER_KEY_ID = '.';

/** What fingerprints are made with, by the data key that it is derived from: gone when that is. */
const SECRETS = new WeakMap<DataKey, Buffer>();

/**
 * The ledger of one queue with sealed jobs. Names are HMACs under keys that are derived from the ring, fingerprints are HMACs under one that is
 * derived from the data key of the payload's scope, whose id stands with them. Both are bound to their queue, and a fingerprint to its
 * idempotency key, so that equal payloads do not show.
 *
 * While sealing is `open-only`, entries are written as an app without sealing reads them, and those of one with sealing are found.
 */
export class QueueLedger implements KeyedLedger {
  /** @param scopeOf whose data key a payload is sealed with */
  constructor(
    private readonly queue: string,
    private readonly state: CodecState,
    private readonly scopeOf: (job: string, payload: object) => string,
  ) {}

  namesOf(key: string): readonly string[] | Promise<readonly string[]> {
    const { keys } = this.state;
    const known = keys.ledgerKeysNow();
    if (known !== undefined) return this.namesUnder(known, key);
    return this.answered(keys.ledgerKeys()).then((found) => this.namesUnder(found, key));
  }

  fingerprintOf(job: string, payload: object, content: KeyedPayload): string | Promise<string> {
    const { keys, sealing } = this.state;
    if (sealing !== 'on') return content.digest;
    const scope = this.scopeOf(job, payload);
    const known = keys.fingerprintKeyNow(scope, this.queue);
    if (known !== undefined) return this.fingerprintUnder(known, content);
    const loading = this.answered(keys.fingerprintKey(scope, this.queue));
    return loading.then((found) => this.fingerprintUnder(found, content));
  }

  async isFingerprintOf(fingerprint: string, content: KeyedPayload): Promise<boolean> {
    const end = fingerprint.indexOf(AFTER_KEY_ID);
    if (end < 0) return fingerprint === content.digest;
    const { keys } = this.state;
    const keyId = Buffer.from(fingerprint.slice(0, end), 'base64url');
    const known = keys.openingKeyNow(keyId, this.queue);
    const key = known ?? (await this.answered(keys.openingKey(keyId, this.queue)));
    if (key === 'unknown') throw this.unavailable();
    return key !== 'shredded' && this.fingerprintUnder(key, content) === fingerprint;
  }

  private namesUnder(keys: readonly NameKey[], key: string): readonly string[] {
    const keyed = keys.map((ledgerKey) => nameHash(ledgerKey, `${this.queue} ${key}`));
    const plain = plainName(key);
    return this.state.sealing === 'on' ? [...keyed, plain] : [plain, ...keyed];
  }

  private fingerprintUnder(dataKey: DataKey, { key, digest }: KeyedPayload): string {
    const mac = createHmac('sha256', secretOf(dataKey)).update(`${this.queue} ${digest} ${key}`);
    return dataKey.id.toString('base64url') + AFTER_KEY_ID + mac.digest('base64url');
  }

  private answered<T>(asked: Promise<T>): Promise<T> {
    return answeredWithin(asked, this.state.timeoutMs, () => this.unavailable());
  }

  private unavailable(): KeyUnavailableError {
    return new KeyUnavailableError(
      `Whether an idempotency key was used in queue "${this.queue}" cannot be told: a key that its ledger is written with is not to be had here. ` +
        'Nothing was stored, and the same call again is safe; look at the key provider and the data key store.',
      { queue: this.queue },
    );
  }
}

function secretOf(key: DataKey): Buffer {
  const known = SECRETS.get(key);
  if (known !== undefined) return known;
  const made = Buffer.from(hkdfSync('sha256', key.secret, '', 'mq fingerprint', 32));
  SECRETS.set(key, made);
  return made;
}
