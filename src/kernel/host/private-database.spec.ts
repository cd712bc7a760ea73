import { chmodSync, mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPrivate } from './private-database.js';

describe('keepPrivate', () => {
  let directory: string;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mq-private-'))));
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

  it.each([0o000, 0o022, 0o077])('creates files and directories for the owner alone at umask %o', (mask) => {
    const file = join(directory, 'new', 'newer', 'chat.db');
    const before = process.umask(mask);
    keepPrivate(file);
    process.umask(before);
    expect([file, join(file, '..'), join(file, '../..')].map(modeOf)).toEqual(['600', '700', '700']);
  });

  it('tightens a file that others may read and its companions, and keeps what is in them', () => {
    const file = join(directory, 'chat.db');
    for (const part of ['', '-wal', '-shm']) {
      writeFileSync(file + part, `kept${part}`);
      chmodSync(file + part, 0o664);
    }
    keepPrivate(file);
    expect(['', '-wal', '-shm'].map((part) => modeOf(file + part))).toEqual(['600', '600', '600']);
    expect(readFileSync(`${file}-wal`, 'utf8')).toBe('kept-wal');
  });

  it('leaves a stricter file and a directory that was there as they are', () => {
    const shared = join(directory, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o755);
    const file = join(shared, 'chat.db');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    keepPrivate(file);
    expect([modeOf(shared), modeOf(file)]).toEqual(['755', '400']);
  });
});
