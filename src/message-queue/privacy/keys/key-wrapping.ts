import { openBytes, sealBytes } from '../../adapters/shared/sealing/sealing.js';
import { parseEnvelope } from '../../adapters/shared/sealing/envelope.js';
import { KeyUnavailableError } from '../../jobs/sealing/sealing-errors.js';
import type { KeyProvider } from '../../ports/encryption/key-provider.js';
import type { DataKeyRecord } from '../../ports/privacy/data-key-store.js';

/** A data key as the ring's current key wraps it. */
export interface WrappedKey {
  /** An `mq1` envelope, bound to the key's id and its scope: it opens in no other record. */
  readonly wrapped: string;
  readonly ringKeyId: string;
}

/** What tells one data key from another. */
export type KeyName = Pick<DataKeyRecord, 'keyId' | 'scopeHash'>;

/** Wraps data keys with the keys of the ring. */
export class KeyWrapping {
  constructor(private readonly ring: KeyProvider) {}

  /** Wraps with the current key. @throws what the key provider throws */
  async wrap(name: KeyName, secret: Uint8Array, signal?: AbortSignal): Promise<WrappedKey> {
    const ringKey = await this.ring.current(signal);
    return { wrapped: sealBytes(ringKey, boundTo(name), secret).envelope, ringKeyId: ringKey.id };
  }

  /**
   * @returns 32 bytes
   * @throws KeyUnavailableError when the ring has no key that opens it (any more); what the key provider throws
   */
  async unwrap(
    record: KeyName & { readonly wrapped: string; readonly ringKeyId: string },
    signal?: AbortSignal,
  ): Promise<Buffer> {
    const { keyId, ringKeyId, wrapped } = record;
    const ringKey = await this.ring.byId(ringKeyId, signal);
    if (ringKey === null) {
      throw new KeyUnavailableError(
        `The data key ${keyId} is wrapped by the ring key "${ringKeyId}", which the key provider does not know. Give it back to the provider; drop a ring key only after rewrapKeys() has nothing left.`,
      );
    }
    try {
      return openBytes(ringKey, boundTo(record), parseEnvelope(wrapped));
    } catch (cause) {
      throw new KeyUnavailableError(
        `The data key ${keyId} does not open with the ring key "${ringKeyId}": the ring holds another key of that name, or the record was changed in the store.`,
        { cause },
      );
    }
  }
}

/** No message has such an id, because ids have no blanks: nobody opens a data key as if it were a message. */
function boundTo({ keyId, scopeHash }: KeyName): string {
  return `data key ${scopeHash} ${keyId}`;
}
