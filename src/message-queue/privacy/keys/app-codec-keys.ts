import type { Clock } from '../../../kernel/time/clock.js';
import type { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { CodecKeys } from '../codec-state.js';
import type { DataKey, KeyLookup, RingView } from './data-keys.js';
import { DerivedDataKeys } from './derived-data-keys.js';
import type { KeyCacheLimits } from './key-cache.js';
import { LedgerKeys } from './ledger-keys.js';
import type { NameKey } from './name-keys.js';
import type { StoredDataKeys } from './stored-data-keys.js';
import { isStored } from './stored-key-id.js';

/**
 * The keys of the codec: those of the data key store where there is one. What was sealed before it was plugged in has a derived key, and its
 * id says so.
 */
export class AppCodecKeys implements CodecKeys {
  private readonly derived: DerivedDataKeys;
  private readonly ledger: LedgerKeys;

  constructor(
    private readonly stored: StoredDataKeys | null,
    ring: KeyProvider,
    clock: Clock,
    limits: KeyCacheLimits,
  ) {
    this.derived = new DerivedDataKeys(ring, clock, limits);
    this.ledger = new LedgerKeys(ring, clock, limits);
  }

  sealingKeyNow(scope: string, queue: string): DataKey | undefined {
    return this.stored === null ? this.derived.sealingKeyNow(scope, queue) : this.stored.sealingKeyNow(scope);
  }

  sealingKey(scope: string, queue: string): Promise<DataKey> {
    return this.stored === null
      ? this.derived.sealingKey(scope, queue)
      : this.stored.sealingKey(scope, queue);
  }

  fingerprintKeyNow(scope: string, queue: string): DataKey | undefined {
    return (this.stored ?? this.derived).fingerprintKeyNow(scope, queue);
  }

  fingerprintKey(scope: string, queue: string): Promise<DataKey> {
    return (this.stored ?? this.derived).fingerprintKey(scope, queue);
  }

  openingKeyNow(keyId: Buffer, queue: string): KeyLookup | undefined {
    if (!isStored(keyId)) return this.derived.openingKeyNow(keyId, queue);
    return this.stored === null ? 'unknown' : this.stored.openingKeyNow(keyId);
  }

  openingKey(keyId: Buffer, queue: string): Promise<KeyLookup> {
    if (!isStored(keyId)) return this.derived.openingKey(keyId, queue);
    return this.stored === null ? Promise.resolve('unknown') : this.stored.openingKey(keyId, queue);
  }

  isErased(names: readonly string[]): Promise<boolean> | undefined {
    return this.stored?.isErased(names);
  }

  ringNow(): Promise<RingView> {
    return this.derived.ringNow();
  }

  /** A newer generation of a stored key is heard of within a minute, and no ring key hangs on it. */
  async renew(): Promise<void> {
    if (this.stored === null) await this.derived.renew();
  }

  digest(text: string): Promise<string> {
    return this.derived.digest(text);
  }

  ledgerKeysNow(): readonly NameKey[] | undefined {
    return this.ledger.now();
  }

  ledgerKeys(): Promise<readonly NameKey[]> {
    return this.ledger.get();
  }
}
