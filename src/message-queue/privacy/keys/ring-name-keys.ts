import { hkdfSync } from 'node:crypto';
import { KeyUnavailableError } from '../../jobs/sealing/sealing-errors.js';
import type { EncryptionKey, KeyProvider } from '../../ports/encryption/key-provider.js';
import type { NameKey, NameKeys } from './name-keys.js';

const PREFIX = 'ring:';
const INFO = 'mq names';

/**
 * Keys of names where there is no data key store: derived from the ring, so that hashes change with its current key. What was written before is
 * checked as long as the ring still has the key of then.
 */
export class RingNameKeys implements NameKeys {
  constructor(private readonly ring: KeyProvider) {}

  async current(): Promise<NameKey> {
    return ringNameKey(await asked(this.ring.current()), INFO);
  }

  async byId(id: string): Promise<NameKey | null> {
    if (!id.startsWith(PREFIX)) return null;
    const key = await asked(this.ring.byId(id.slice(PREFIX.length)));
    return key === null ? null : ringNameKey(key, INFO);
  }
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new KeyUnavailableError(
      'The key that names are hashed with cannot be had: the key provider does not answer.',
      { cause },
    );
  }
}

/** A key of names that is derived from one of the ring. @param info what it is for */
export function ringNameKey({ id, secret }: EncryptionKey, info: 'mq names' | 'mq ledger'): NameKey {
  return { id: `${PREFIX}${id}`, secret: Buffer.from(hkdfSync('sha256', secret, '', info, 32)) };
}
