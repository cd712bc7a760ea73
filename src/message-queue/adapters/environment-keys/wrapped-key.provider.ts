import { Injectable } from '@nestjs/common';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../ports/encryption/key-provider.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { idsOf, parseKeyRing } from './key-ring.js';
import type { KeyRing, KeyRingOptions } from './key-ring.js';

/**
 * What is needed from a key management service (AWS KMS, Google Cloud KMS, Vault transit, an HSM): it opens a key that it sealed. A
 * few lines around the service's own client.
 */
export interface KeyManagementService {
  /**
   * @param wrapped what the service gave when the key was made
   * @param keyId the key's name; services that take a context or additional data get this one
   * @returns 32 bytes
   */
  unwrap(wrapped: Uint8Array, keyId: string): Promise<Uint8Array>;
}

/** Wrapped keys, and how long they are kept open. */
export interface WrappedKeyOptions extends KeyRingOptions {
  /** How long an opened key stays in memory, milliseconds: what a revoked key works on. Default 3 600 000. */
  readonly keepOpenMs?: number;
  /** How long the service may take to open a key before all that wait for it are told so, milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
}

interface OpenKey {
  readonly secret: Promise<Uint8Array>;
  readonly until: number;
}

/**
 * A key ring whose keys are wrapped by a KMS: the environment holds nothing that opens a message. A key is unwrapped when it is
 * first needed, once for all jobs that wait for it, and kept for a while; a failure is not kept, nor a service that does not answer waited for.
 */
@Injectable()
export class WrappedKeyProvider extends KeyProvider {
  readonly #ring: KeyRing;
  readonly #kms: KeyManagementService;
  readonly #keepOpenMs: number;
  readonly #timeoutMs: number;
  readonly #open = new Map<string, OpenKey>();

  /** @throws InvalidConfigurationError listing every mistake */
  constructor(options: WrappedKeyOptions, kms: KeyManagementService) {
    super();
    this.#ring = parseKeyRing(options, undefined);
    this.#kms = kms;
    this.#keepOpenMs = options.keepOpenMs ?? 3_600_000;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  override async current(signal?: AbortSignal): Promise<EncryptionKey> {
    return { id: this.#ring.currentId, secret: await this.#secret(this.#ring.currentId, signal) };
  }

  override async byId(keyId: string, signal?: AbortSignal): Promise<EncryptionKey | null> {
    return this.#ring.secrets.has(keyId) ? { id: keyId, secret: await this.#secret(keyId, signal) } : null;
  }

  /** The ring's ids, without asking the KMS. */
  override async ids(): Promise<readonly string[]> {
    return idsOf(this.#ring);
  }

  async #secret(keyId: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const now = performance.now();
    let key = this.#open.get(keyId);
    if (key === undefined || key.until <= now) {
      const opening = { secret: this.#unwrap(keyId), until: now + this.#keepOpenMs };
      opening.secret.catch(() => this.#forget(keyId, opening));
      this.#open.set(keyId, opening);
      key = opening;
    }
    return signal === undefined ? key.secret : untilAborted(key.secret, signal);
  }

  async #unwrap(keyId: string): Promise<Uint8Array> {
    const wrapped = this.#ring.secrets.get(keyId) ?? new Uint8Array();
    const tooLate = (): Error =>
      new Error(`The key management service did not open the key "${keyId}" within ${this.#timeoutMs} ms.`);
    return answeredWithin(this.#kms.unwrap(wrapped, keyId), this.#timeoutMs, tooLate);
  }

  #forget(keyId: string, failed: OpenKey): void {
    if (this.#open.get(keyId) === failed) this.#open.delete(keyId);
  }
}
