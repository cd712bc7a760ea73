import { hash, randomBytes, randomUUID } from 'node:crypto';
import { KeyProvider } from '../../../ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../../ports/encryption/key-provider.js';
import { answer } from '../answer.js';

/** Id of the key that everybody knows. Refused outside of development and tests, for sealing and for opening. */
export const PUBLISHED_KEY_ID = 'development';

/**
 * One key for development. Made up by this process: what it seals cannot be opened after a restart or by another process, and need not
 * be where jobs die with the process as well. Or the published one, which protects nothing, and which every process opens.
 */
export class InMemoryKeyProvider extends KeyProvider {
  readonly isPublished: boolean;
  // Private to the language, so that no logger and no inspector prints it.
  readonly #key: EncryptionKey;

  /** @param isPublished whether its key is the published one; default false */
  constructor({ isPublished = false }: { readonly isPublished?: boolean } = {}) {
    super();
    this.isPublished = isPublished;
    this.#key = isPublished
      ? {
          id: PUBLISHED_KEY_ID,
          secret: hash('sha256', 'nestjs-message-queue: the published development key', 'buffer'),
        }
      : { id: `dev-${randomUUID()}`, secret: randomBytes(32) };
  }

  override current(signal?: AbortSignal): Promise<EncryptionKey> {
    return answer(signal, () => this.#key);
  }

  override byId(keyId: string, signal?: AbortSignal): Promise<EncryptionKey | null> {
    return answer(signal, () => (this.#key.id === keyId ? this.#key : null));
  }

  override ids(signal?: AbortSignal): Promise<readonly string[]> {
    return answer(signal, () => [this.#key.id]);
  }
}
