import { RIGHTS } from '../principal.js';
import type { Principal, Right } from '../principal.js';
import { parsePasswordHash } from './password-hash.js';
import type { PasswordHash } from './password-hash.js';

/** Somebody who signs in with a password. */
export interface ChatUser extends Principal {
  readonly hash: PasswordHash;
}

/** Neither what separates the parts of an entry, nor what looks like another name. */
const NAME = /^[\p{L}\p{N}._-]{1,64}$/u;
const HELP = 'npm run chat-user -- --help says how to make an entry.';

/** A name as it is compared: the same letters may be written in several ways. */
export function toName(given: string): string {
  return given.normalize('NFC');
}

/** Whether somebody can be called that: 1 to 64 letters, digits or `. _ -`. */
export function isName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a text names a right. */
export function isRight(text: string): text is Right {
  return RIGHTS.some((right) => right === text);
}

/**
 * Reads CHAT_USERS: entries separated by commas, each `<name>[+<right>…]:<hash>`.
 * @throws Error that names the entry by its number and quotes nothing of it
 */
export function parseChatUsers(text: string): ChatUser[] {
  const entries = text.split(',').map((entry) => entry.trim());
  const users = entries.filter((entry) => entry !== '').map(parseEntry);
  const twice = users.findIndex(({ id }, at) => users.findIndex((user) => user.id === id) !== at);
  if (twice >= 0) throw new Error(`CHAT_USERS: entry ${twice + 1} has the name of an earlier one.`);
  if (users.length === 0) throw new Error(`CHAT_USERS has no entry. ${HELP}`);
  return users;
}

function parseEntry(entry: string, at: number): ChatUser {
  const refuse = (problem: string): never => {
    throw new Error(`CHAT_USERS: entry ${at + 1} ${problem}. ${HELP}`);
  };
  const [who = '', secret = '', ...more] = entry.split(':');
  const [name = '', ...rights] = who.split('+');
  const id = toName(name);
  if (!isName(id)) refuse('must begin with a name of 1 to 64 letters, digits or . _ -');
  if (!rights.every(isRight)) refuse(`has an unknown right: there are ${RIGHTS.join(' and ')}`);
  const hash = more.length === 0 ? parsePasswordHash(secret) : null;
  if (hash === null) return refuse('must end with a colon and the hash of a password');
  return { id, rights: rights.filter(isRight), hash };
}
