import { Injectable } from '@nestjs/common';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../ports/encryption/key-provider.js';
import { keyRingOptionsFrom, parseKeyRing } from './key-ring.js';
import type { KeyRingOptions, VariableSource } from './key-ring.js';

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
  readonly #currentId: string;
  readonly #secrets: ReadonlyMap<string, Buffer>;

  /** @throws InvalidConfigurationError listing every mistake, never with a key */
  constructor(options: KeyRingOptions) {
    super();
    const ring = parseKeyRing(options, KEY_BYTES);
    this.#currentId = ring.currentId;
    this.#secrets = ring.secrets;
  }

  /** Reads `ENCRYPTION_KEYS` and `ENCRYPTION_CURRENT_KEY`. @throws InvalidConfigurationError */
  static from(source: VariableSource): EnvironmentKeyProvider {
    return new EnvironmentKeyProvider(keyRingOptionsFrom(source));
  }

  override async current(): Promise<EncryptionKey> {
    return { id: this.#currentId, secret: this.#secrets.get(this.#currentId) ?? new Uint8Array() };
  }

  override async byId(keyId: string): Promise<EncryptionKey | null> {
    const secret = this.#secrets.get(keyId);
    return secret === undefined ? null : { id: keyId, secret };
  }
}
