import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { KeyProvider } from '../../../ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../../ports/encryption/key-provider.js';
import { answer } from '../answer.js';

/**
 * One key made up by this process, for development: what it seals cannot be opened after a restart or by another process. Says so
 * once, when the key is first used.
 */
@Injectable()
export class InMemoryKeyProvider extends KeyProvider {
  private readonly logger = new Logger('KeyProvider');
  private key: EncryptionKey | null = null;

  override current(signal?: AbortSignal): Promise<EncryptionKey> {
    return answer(signal, () => (this.key ??= this.makeUp()));
  }

  override byId(keyId: string, signal?: AbortSignal): Promise<EncryptionKey | null> {
    return answer(signal, () => (this.key?.id === keyId ? this.key : null));
  }

  private makeUp(): EncryptionKey {
    this.logger.warn(
      'No KeyProvider is configured: messages are encrypted with a key that this process made up and forgets when it ' +
        'ends. Give one in production: adapters: [{ provide: KeyProvider, useClass: … }].',
    );
    return { id: `dev-${randomUUID()}`, secret: randomBytes(32) };
  }
}
