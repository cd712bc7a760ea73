import type { OperatorRole } from '../operator.js';
import { parsePasswordHash, PASSWORD_LENGTH } from './password-hash.js';
import type { PasswordHash } from './password-hash.js';

/** Somebody who signs in with a password. */
export interface User {
  readonly name: string;
  /** As it is, or its hash. */
  readonly secret: string | PasswordHash;
}

/** Somebody who signs in, and what they may. */
export interface UserInRole extends User {
  readonly role: OperatorRole;
}

/** Neither what separates the parts of an entry, nor what a log or a terminal acts on. */
const NAME = /^[\p{L}\p{M}\p{N}._@+-]{1,64}$/u;

/** A name as it is compared: the same letters may be written in several ways. */
export function nameOf(given: string): string {
  return given.normalize('NFC');
}

/**
 * Reads users: entries separated by commas, in a file by lines too, each `<name>:<password>` or `<name>:<hash>`.
 * @returns the users; a text: what is wrong, which names an entry by its number and quotes nothing of it
 */
export function parseUsers(text: string): readonly User[] | string {
  const entries = text
    .split(/[,\r\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const users: User[] = [];
  for (const [at, entry] of entries.entries()) {
    const user = parseEntry(entry);
    if (typeof user === 'string') return `entry ${at + 1} ${user}`;
    if (users.some(({ name }) => name === user.name)) return `entry ${at + 1} has the name of an earlier one`;
    users.push(user);
  }
  return users.length > 0 ? users : 'there is no entry';
}

/** Everybody of both lists. @returns a text where somebody is in both */
export function inRoles(
  operators: readonly User[],
  viewers: readonly User[],
): readonly UserInRole[] | string {
  if (viewers.some(({ name }) => operators.some((operator) => operator.name === name))) {
    return 'somebody is in both lists: an operator may do all that a viewer may';
  }
  return [
    ...operators.map((user) => ({ ...user, role: 'operator' as const })),
    ...viewers.map((user) => ({ ...user, role: 'viewer' as const })),
  ];
}

function parseEntry(entry: string): User | string {
  const colon = entry.indexOf(':');
  if (colon < 0) return 'has no colon: a password with a comma must be given as its hash';
  const name = nameOf(entry.slice(0, colon).trim());
  if (!NAME.test(name)) return 'must begin with a name of 1 to 64 letters, digits or . _ @ + -';
  const secret = entry.slice(colon + 1);
  if (secret.startsWith('scrypt')) {
    const hash = parsePasswordHash(secret);
    return hash === null
      ? 'has a hash that is not whole: scrypt$<salt>$<hash>; where $ names a variable, as in Compose files, write it in single quotes or as $$'
      : { name, secret: hash };
  }
  const { min, max } = PASSWORD_LENGTH;
  if (secret.length < min || secret.length > max)
    return `must have a password of ${min} to ${max} characters`;
  if (new Set(secret).size < 2) return 'has a password of one character again and again';
  return { name, secret };
}
