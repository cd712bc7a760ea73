import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What SQLite keeps of one database: the parts beside the file get its mode when SQLite creates them. */
const PARTS = ['', '-wal', '-shm'];
const OWNERS_ALONE = 0o600;
const EVERYBODY_ELSE = 0o077;

/**
 * Lets nobody but its owner read an SQLite file, whatever the umask: a new one is created so, in directories that are the owner's alone
 * if they are new too, and one that others may read is tightened.
 * @throws the error of the file system, EPERM where the file is another user's
 */
export function keepPrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) closeSync(openSync(file, 'a', OWNERS_ALONE));
  for (const part of PARTS.map((end) => file + end)) {
    const mode = statSync(part, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & EVERYBODY_ELSE) !== 0) chmodSync(part, OWNERS_ALONE);
  }
}
