import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** The fewest characters of a password. */
export const MIN_PASSWORD_LENGTH = 12;
/** The most, so that nobody has megabytes hashed. */
export const MAX_PASSWORD_LENGTH = 256;

/** OWASP's parameters for scrypt with 32 MiB. All hashes have the same: others would take another time, which tells names apart. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const FORM = /^scrypt1\.([\w-]{22})\.([\w-]{43})$/;

/** A salted hash of a password, without characters that a shell, a .env file or Docker Compose would change. */
export interface PasswordHash {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** What no password fits: checked for names that nobody has, so that they take as long as the others. */
export const NOBODYS_HASH: PasswordHash = { salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };

/** Hashes a password with a salt of its own. @returns `scrypt1.<salt>.<hash>` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt);
  return `scrypt1.${salt.toString('base64url')}.${hash.toString('base64url')}`;
}

/** Reads what {@link hashPassword} wrote; null when it is something else. */
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
