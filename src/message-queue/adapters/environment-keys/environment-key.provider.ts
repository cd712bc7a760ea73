import { Injectable } from '@nestjs/common';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../ports/encryption/key-provider.js';
import { idsOf, keyRingOptionsFrom, parseKeyRing } from './key-ring.js';
import type { KeyRing, KeyRingOptions, VariableSource } from './key-ring.js';

const KEY_BYTES = 32;

/**
 * A key ring from the environment: several keys, one of them current.
 *
 * ```ts
 * // ENCRYPTION_KEYS=k-2026:q0m…=,k-2025:Zw1…=   ENCRYPTION_CURRENT_KEY=k-2026
 * adapters: [
 *   { provide: KeyProvider, inject: [ConfigService], useFactory: (config: ConfigService) => EnvironmentKeyProvider.from(config) },
 * ]
 * ```
 *
 * To rotate, add a key and make it current; old envelopes open with the old key. `reencrypt` jobs move them on, then the old key can go.
 */
@Injectable()
export class EnvironmentKeyProvider extends KeyProvider {
  // Private to the language, so that no logger and no inspector prints a key.
  readonly #ring: KeyRing;

  /** @throws InvalidConfigurationError listing every mistake, never with a key */
  constructor(options: KeyRingOptions) {
    super();
    this.#ring = parseKeyRing(options, KEY_BYTES);
  }

  /** Reads `ENCRYPTION_KEYS` and `ENCRYPTION_CURRENT_KEY`. @throws InvalidConfigurationError */
  static from(source: VariableSource): EnvironmentKeyProvider {
    return new EnvironmentKeyProvider(keyRingOptionsFrom(source));
  }

  override async current(): Promise<EncryptionKey> {
    const { currentId, secrets } = this.#ring;
    return { id: currentId, secret: secrets.get(currentId) ?? new Uint8Array() };
  }

  override async byId(keyId: string): Promise<EncryptionKey | null> {
    const secret = this.#ring.secrets.get(keyId);
    return secret === undefined ? null : { id: keyId, secret };
  }

  override async ids(): Promise<readonly string[]> {
    return idsOf(this.#ring);
  }
}
