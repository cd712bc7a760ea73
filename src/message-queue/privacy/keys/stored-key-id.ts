import { randomBytes } from 'node:crypto';

/** First byte of the id of a data key that is kept in a store. */
const STORED = 0;

/** The id of a new data key for a store: 16 bytes. */
export function newKeyId(): Buffer {
  return Buffer.concat([Buffer.of(STORED), randomBytes(15)]);
}

/** Whether a key id is that of a key in a store. */
export function isStored(keyId: Buffer): boolean {
  return keyId[0] === STORED;
}
