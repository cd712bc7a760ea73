import { UnknownKeyError } from '../../../ports/encryption/encryption-errors.js';
import type { EncryptionKey, KeyProvider } from '../../../ports/encryption/key-provider.js';

/** A key by its id, or the current one. @throws UnknownKeyError */
export async function knownKey(
  keys: KeyProvider,
  keyId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<EncryptionKey> {
  const key = keyId === undefined ? await keys.current(signal) : await keys.byId(keyId, signal);
  if (key !== null) return key;
  throw new UnknownKeyError(
    `There is no key "${keyId ?? ''}": give it to the key provider, older keys included.`,
  );
}
