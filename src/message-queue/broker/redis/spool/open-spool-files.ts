import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidConfigurationError, MessageQueueError } from '../../../../kernel/errors.js';
import { SpoolFile } from './spool-file.js';

/** Processes that may share a directory, each with a file of its own. */
const MOST_FILES = 64;
/** Jobs that are moved at once. */
const STEP = 1_000;

/**
 * Opens the spool of this process: the first file of the directory that no other process has. What processes left behind that
 * are gone is taken over, and a file that is damaged is put aside and told of.
 * @throws MissingPackageError; InvalidConfigurationError when the directory cannot be used
 */
export function openSpoolFile(
  directory: string,
  fsync: boolean,
  onDamaged: (message: string, cause: unknown) => void,
): SpoolFile {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    let own: SpoolFile | null = null;
    for (let number = 1; number <= MOST_FILES; number++) {
      const path = join(directory, `spool-${number}.db`);
      if (own !== null && !existsSync(path)) continue;
      const file = openOrPutAside(path, fsync, onDamaged);
      if (own === null) own = file;
      else if (file !== null) takeOver(file, own);
    }
    own?.takeBack();
    if (own !== null) return own;
    throw new Error(`${MOST_FILES} processes have a spool there`);
  } catch (error) {
    if (error instanceof MessageQueueError) throw error;
    const message = `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    throw new InvalidConfigurationError('The message queue cannot start:', [
      { path: 'spool.directory', message },
    ]);
  }
}

function openOrPutAside(
  path: string,
  fsync: boolean,
  onDamaged: (message: string, cause: unknown) => void,
): SpoolFile | null {
  try {
    return SpoolFile.open(path, fsync);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = `${path}.damaged-${Date.now()}`;
    for (const part of ['', '-wal', '-shm']) {
      if (existsSync(path + part)) renameSync(path + part, aside + part);
    }
    const message =
      `The spool ${path} is damaged and was put aside as ${aside}: the jobs in it are not added to Redis. ` +
      'Recover what can be read with "sqlite3 <file> .recover", and add it again.';
    onDamaged(message, error);
    return SpoolFile.open(path, fsync);
  }
}

/** Other errors, of the disk or of the package, are not the file's. */
function isDamage(error: unknown): boolean {
  const { code, message = '' } = error as { code?: string; message?: string };
  // An error of the file system names a path, in which any word may stand.
  if (code !== undefined && !code.startsWith('SQLITE_')) return false;
  return /^SQLITE_(CORRUPT|NOTADB)/.test(code ?? '') || /malformed|not a database|row|page/i.test(message);
}

function takeOver(left: SpoolFile, own: SpoolFile): void {
  while (own.takeOver(left, STEP));
  left.close();
  for (const part of ['', '-wal', '-shm']) rmSync(left.path + part, { force: true });
}
