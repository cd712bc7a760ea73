import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { InvalidConfigurationError } from '../../../../kernel/errors.js';

/** The fewest and the most characters of a password: fewer can be guessed, and nobody may have megabytes hashed. */
export const PASSWORD_LENGTH = { min: 12, max: 256 };

/** OWASP's parameters for scrypt with 32 MiB. All hashes have the same: others would take another time, which tells names apart. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const FORM = /^scrypt\$([\w-]{22})\$([\w-]{43})$/;

/** A salted hash of a password. */
export interface PasswordHash {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** What no password fits: checked for names that nobody has, so that they take as long as the others. */
export const NOBODYS_HASH: PasswordHash = { salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };

/**
 * Hashes a password of an operator or viewer, each time with a salt of its own: what stands behind the name in `MESSAGE_QUEUE_OPERATORS`.
 * @returns `scrypt$<salt>$<hash>`, both base64url without padding; N 32 768, r 8, p 3, 16 bytes of salt, 32 of hash
 * @throws InvalidConfigurationError unless it has 12 to 256 characters
 */
export async function hashOperatorPassword(password: string): Promise<string> {
  const { min, max } = PASSWORD_LENGTH;
  if (password.length < min || password.length > max) {
    const message = `must have ${min} to ${max} characters, and has ${password.length}`;
    throw new InvalidConfigurationError('The password cannot be used:', [{ path: 'password', message }]);
  }
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt);
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Reads what {@link hashOperatorPassword} wrote; null when it is something else. */
export function parsePasswordHash(text: string): PasswordHash | null {
  const [, salt, hash] = FORM.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return null;
  return { salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
}

/** Whether a password is the one of a hash. Takes as long whether it is or not. */
export async function isPassword(password: string, { salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt), hash);
}

/** The same characters can be written in several ways (é, or e and an accent); keyboards differ in that. */
function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, COST, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
