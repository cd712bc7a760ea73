import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import {
  EncryptionAlgorithm,
  isEncryptionAlgorithm,
} from '../../../ports/encryption/encryption-algorithm.js';
import {
  TamperedContentError,
  UnknownAlgorithmError,
  WrongKeyError,
} from '../../../ports/encryption/encryption-errors.js';
import type { EncryptionKey } from '../../../ports/encryption/key-provider.js';
import type { OpenedContent, SealedContent, SealRequest } from '../../../ports/encryption/message-cipher.js';
import { formatEnvelope } from './envelope.js';
import type { Envelope } from './envelope.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CHECK_BYTES = 8;
const CIPHER_NAMES = { 'AES-256-GCM': 'aes-256-gcm', 'ChaCha20-Poly1305': 'chacha20-poly1305' } as const;

/** Message id, key id and algorithm: an envelope opens only where all three are what they were. */
function additionalData(messageId: string, keyId: string, algorithm: EncryptionAlgorithm): Buffer {
  return Buffer.from(JSON.stringify(['nestjs-message-queue', 1, algorithm, keyId, messageId]));
}

/** Tells one key from another without telling anything about either. */
function keyCheck(key: EncryptionKey): Buffer {
  return createHmac('sha256', key.secret)
    .update('nestjs-message-queue key check 1')
    .digest()
    .subarray(0, CHECK_BYTES);
}

/** Seals a message with a key, on the calling thread. @throws UnknownAlgorithmError, WrongKeyError (a key of the wrong length) */
export function sealWith(key: EncryptionKey, request: Omit<SealRequest, 'keyId'>): SealedContent {
  const { messageId, content, algorithm = EncryptionAlgorithm.AES_256_GCM } = request;
  return sealBytes(key, messageId, Buffer.from(content, 'utf8'), algorithm);
}

/**
 * Seals bytes with a key, on the calling thread.
 * @param name what the envelope is bound to: it opens under this name only
 * @throws UnknownAlgorithmError, WrongKeyError (a key of the wrong length)
 */
export function sealBytes(
  key: EncryptionKey,
  name: string,
  bytes: Uint8Array,
  sealedBy: EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM,
): SealedContent {
  const algorithm = knownAlgorithm(sealedBy);
  checkLength(key);
  const nonce = randomBytes(NONCE_BYTES);
  const options = { authTagLength: TAG_BYTES };
  // Node types ChaCha20 apart from GCM; both have the same methods.
  const cipher = createCipheriv(CIPHER_NAMES[algorithm] as 'aes-256-gcm', key.secret, nonce, options);
  cipher.setAAD(additionalData(name, key.id, algorithm));
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const tag = cipher.getAuthTag();
  const envelope = formatEnvelope({ algorithm, keyId: key.id, check: keyCheck(key), nonce, ciphertext, tag });
  return { envelope, keyId: key.id, algorithm };
}

/**
 * Opens a message with the key that its envelope names, on the calling thread.
 * @throws UnknownAlgorithmError, WrongKeyError, TamperedContentError
 */
export function openWith(key: EncryptionKey, messageId: string, envelope: Envelope): OpenedContent {
  const content = openBytes(key, messageId, envelope).toString('utf8');
  return { content, keyId: key.id, algorithm: knownAlgorithm(envelope.algorithm) };
}

/**
 * Opens bytes with the key that their envelope names, on the calling thread.
 * @throws UnknownAlgorithmError, WrongKeyError, TamperedContentError
 */
export function openBytes(key: EncryptionKey, messageId: string, envelope: Envelope): Buffer {
  const algorithm = knownAlgorithm(envelope.algorithm);
  checkLength(key);
  if (!keyCheck(key).equals(envelope.check)) {
    throw new WrongKeyError(
      `The key "${key.id}" is not the one that message ${messageId} was sealed with: check the key provider.`,
    );
  }
  return decipher(messageId, envelope, algorithm, key);
}

function decipher(
  messageId: string,
  envelope: Envelope,
  algorithm: EncryptionAlgorithm,
  key: EncryptionKey,
): Buffer {
  const { nonce, ciphertext, tag } = envelope;
  try {
    const options = { authTagLength: TAG_BYTES };
    const opening = createDecipheriv(CIPHER_NAMES[algorithm] as 'aes-256-gcm', key.secret, nonce, options);
    opening.setAAD(additionalData(messageId, key.id, algorithm));
    opening.setAuthTag(tag);
    return Buffer.concat([opening.update(ciphertext), opening.final()]);
  } catch {
    // The cause is left out on purpose: nothing of the content may get near an error.
    throw new TamperedContentError(
      `The envelope of message ${messageId} was changed, cut short, or belongs to another message.`,
    );
  }
}

/** @throws UnknownAlgorithmError */
export function knownAlgorithm(algorithm: string): EncryptionAlgorithm {
  if (isEncryptionAlgorithm(algorithm)) return algorithm;
  const known = Object.values(EncryptionAlgorithm).join(', ');
  throw new UnknownAlgorithmError(`"${algorithm.slice(0, 64)}" is not a known algorithm. Known: ${known}.`);
}

function checkLength(key: EncryptionKey): void {
  if (key.secret.byteLength === KEY_BYTES) return;
  throw new WrongKeyError(`The key "${key.id}" has ${key.secret.byteLength} bytes; it needs ${KEY_BYTES}.`);
}
