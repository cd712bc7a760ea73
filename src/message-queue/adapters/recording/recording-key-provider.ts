import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../ports/encryption/key-provider.js';
import { CallRecorder } from './call-recorder.js';

/**
 * A key made up by this process, for development: what it seals cannot be opened after a restart or by another process. Says so
 * once, when the key is first used.
 */
@Injectable()
export class RecordingKeyProvider extends KeyProvider {
  readonly recorder = new CallRecorder();
  private readonly logger = new Logger(RecordingKeyProvider.name);
  private readonly keys = new Map<string, EncryptionKey>();
  private currentId: string | null = null;

  override current(signal?: AbortSignal): Promise<EncryptionKey> {
    return this.recorder.run('current', [], signal, () => {
      const known = this.currentId === null ? undefined : this.keys.get(this.currentId);
      if (known !== undefined) return known;
      this.logger.warn(
        'No KeyProvider is configured: messages are encrypted with a key that this process made up and forgets when it ' +
          'ends. Give one in production: adapters: [{ provide: KeyProvider, useClass: … }].',
      );
      return this.rotate();
    });
  }

  override byId(keyId: string, signal?: AbortSignal): Promise<EncryptionKey | null> {
    return this.recorder.run('byId', [keyId], signal, () => this.keys.get(keyId) ?? null);
  }

  /** Makes a new key the current one; older ones stay known. */
  rotate(key: EncryptionKey = { id: `dev-${randomUUID()}`, secret: randomBytes(32) }): EncryptionKey {
    this.keys.set(key.id, key);
    this.currentId = key.id;
    return key;
  }

  /** Forgets a key, or puts other bytes under its id: what a misconfigured key ring does. */
  replace(keyId: string, secret: Uint8Array | null): void {
    if (secret === null) this.keys.delete(keyId);
    else this.keys.set(keyId, { id: keyId, secret });
  }
}
