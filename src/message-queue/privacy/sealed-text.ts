import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import type { DataKey } from './keys/data-keys.js';

/** First byte of every sealed text; fixes all parameters: AES-256-GCM, a random nonce of 12 bytes, a tag of 16. */
const VERSION = 2;
const ID_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;
const CIPHER = 'aes-256-gcm';

/** Random bytes are fetched for many nonces at once: each call costs as much as the cipher. */
const NONCES = Buffer.alloc(NONCE_BYTES * 256);
let usedNonceBytes = NONCES.length;

/** {@link sealContent} as base64url. */
export function sealText(key: DataKey, text: string, context: string): string {
  return sealContent(key, text, context).toString('base64url');
}

/**
 * Seals a text or bytes: `version | key id 16 | nonce 12 | ciphertext | tag 16`.
 * @param context what the seal is bound to: it opens with the same text only
 */
export function sealContent(key: DataKey, content: string | Buffer, context: string): Buffer {
  const nonce = nextNonce();
  const cipher = createCipheriv(CIPHER, key.secret, nonce);
  cipher.setAAD(Buffer.from(context));
  const ciphertext = cipher.update(content);
  cipher.final();
  const sealed = Buffer.allocUnsafe(HEAD_BYTES + ciphertext.length + TAG_BYTES);
  sealed[0] = VERSION;
  key.id.copy(sealed, 1);
  nonce.copy(sealed, 1 + ID_BYTES);
  ciphertext.copy(sealed, HEAD_BYTES);
  cipher.getAuthTag().copy(sealed, HEAD_BYTES + ciphertext.length);
  return sealed;
}

/** The bytes of a sealed text; `newer`: of a version that this one does not know; `broken`: no sealed text at all. */
export function readSealed(text: unknown): Buffer | 'newer' | 'broken' {
  return typeof text === 'string' ? readSealedBytes(Buffer.from(text, 'base64url')) : 'broken';
}

/** Whether bytes are what {@link sealContent} makes; they are given back when they are. */
export function readSealedBytes(bytes: Buffer): Buffer | 'newer' | 'broken' {
  const [version = 0] = bytes;
  if (version > VERSION) return 'newer';
  return version === VERSION && bytes.length >= HEAD_BYTES + TAG_BYTES ? bytes : 'broken';
}

/** Which key opens a sealed text. */
export function keyIdOf(sealed: Buffer): Buffer {
  return sealed.subarray(1, 1 + ID_BYTES);
}

/** {@link openContent} as text. */
export function openText(key: DataKey, sealed: Buffer, context: string): string | undefined {
  return openContent(key, sealed, context)?.toString();
}

/** @returns undefined when it was changed, or sealed with another key or for something else */
export function openContent(key: DataKey, sealed: Buffer, context: string): Buffer | undefined {
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key.secret, sealed.subarray(1 + ID_BYTES, HEAD_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    const content = decipher.update(sealed.subarray(HEAD_BYTES, tagAt));
    decipher.final();
    return content;
  } catch {
    // Not passed on: nothing of the content may get near an error.
    return undefined;
  }
}

function nextNonce(): Buffer {
  if (usedNonceBytes === NONCES.length) {
    randomFillSync(NONCES);
    usedNonceBytes = 0;
  }
  usedNonceBytes += NONCE_BYTES;
  // A copy: the cipher is done with it before the next fill, and a nonce must never be overwritten while it is read.
  return Buffer.from(NONCES.subarray(usedNonceBytes - NONCE_BYTES, usedNonceBytes));
}
