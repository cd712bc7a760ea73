import { randomBytes, randomUUID } from 'node:crypto';
import { KeyProvider } from '../../src/message-queue/ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../src/message-queue/ports/encryption/key-provider.js';

/** Keys that a test changes. */
export class KeyRing extends KeyProvider {
  private readonly keys = new Map<string, EncryptionKey>();
  private currentKey = this.rotate();

  override async current(): Promise<EncryptionKey> {
    return Promise.resolve(this.currentKey);
  }

  override async byId(keyId: string): Promise<EncryptionKey | null> {
    return Promise.resolve(this.keys.get(keyId) ?? null);
  }

  override async ids(): Promise<readonly string[]> {
    return Promise.resolve([...new Set([this.currentKey.id, ...this.keys.keys()])]);
  }

  /** Makes a key the current one; older ones stay known. */
  rotate(key: EncryptionKey = { id: `k-${randomUUID()}`, secret: randomBytes(32) }): EncryptionKey {
    this.keys.set(key.id, key);
    this.currentKey = key;
    return key;
  }

  /** Forgets a key, or puts other bytes under its id: what a misconfigured key ring does. */
  replace(keyId: string, secret: Uint8Array | null): void {
    if (secret === null) this.keys.delete(keyId);
    else this.rotate({ id: keyId, secret });
  }
}
