import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import {
  filesystemAdapters,
  FilesystemAttachmentFiles,
  InvalidFileKeyError,
} from '../../src/message-queue/adapters/filesystem/index.js';
import { MessageQueueModule, UnrecoverableJobError } from '../../src/message-queue/index.js';
import { AttachmentFiles } from '../../src/message-queue/ports/index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const never = new AbortController().signal;

describe('FilesystemAttachmentFiles', () => {
  let parent: string;
  let directory: string;
  let files: FilesystemAttachmentFiles;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'mq-files-'));
    directory = join(parent, 'deep', 'attachments');
    files = new FilesystemAttachmentFiles({ directory });
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('keeps files by their keys, and replaces them', async () => {
    expect(await files.read('a.png')).toBeNull();
    expect(await files.remove('a.png', never)).toBe(false);
    await files.write('a.png', bytes('one'));
    await files.write('ä b…木.png', Uint8Array.from([0, 255, 128]));
    await files.write('a.png', bytes('two'));
    expect(Buffer.from((await files.read('a.png')) ?? []).toString()).toBe('two');
    expect([...((await files.read('ä b…木.png')) ?? [])]).toEqual([0, 255, 128]);
    expect(readdirSync(directory).sort()).toEqual(['a.png', 'ä b…木.png']);
    expect(statSync(join(directory, 'a.png')).mode & 0o777).toBe(0o600);
    const another = new FilesystemAttachmentFiles({ directory });
    expect(await another.remove('a.png', never)).toBe(true);
    expect(await another.remove('a.png', never)).toBe(false);
    expect(await files.read('a.png')).toBeNull();
  });

  it.each([
    ...['', '.', '..', '../secret', 'a/b', '/etc/passwd', 'a\\b', '..\\secret', '.hidden', '.mq-writing-x'],
    ...['a\0.png', 'a\n', 'C:x', 'x.', 'x ', 'x'.repeat(256), 'ü'.repeat(128), '\uD800'],
  ])('refuses the key %j', async (key) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(parent, 'deep', 'secret'), 'secret');
    for (const call of [files.write(key, bytes('x')), files.read(key), files.remove(key, never)]) {
      await expect(call).rejects.toBeInstanceOf(InvalidFileKeyError);
      await expect(call).rejects.toBeInstanceOf(UnrecoverableJobError);
    }
    expect(readFileSync(join(parent, 'deep', 'secret'), 'utf8')).toBe('secret');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('follows no links', async () => {
    const secret = join(parent, 'secret');
    writeFileSync(secret, 'secret');
    mkdirSync(directory, { recursive: true });
    for (const name of ['read', 'write', 'remove']) symlinkSync(secret, join(directory, name));
    await expect(files.read('read')).rejects.toMatchObject({ code: 'ELOOP' });
    await files.write('write', bytes('mine'));
    expect(await files.remove('remove', never)).toBe(true);
    expect(readFileSync(secret, 'utf8')).toBe('secret');
    expect(Buffer.from((await files.read('write')) ?? []).toString()).toBe('mine');
  });

  it('reads nothing but files, and does not wait at a pipe', async () => {
    mkdirSync(join(directory, 'folder'), { recursive: true });
    spawnSync('mkfifo', [join(directory, 'pipe')]);
    expect(existsSync(join(directory, 'pipe'))).toBe(true);
    await expect(files.read('pipe')).rejects.toThrow('not a file');
    await expect(files.read('folder')).rejects.toThrow('not a file');
    await expect(files.remove('folder', never)).rejects.toThrow();
    await expect(files.write('folder', bytes('x'))).rejects.toThrow();
    expect(readdirSync(directory).sort()).toEqual(['folder', 'pipe']);
  });

  it('shows a file whole or not at all, whoever writes at the same time', async () => {
    const texts = Array.from({ length: 8 }, (_, n) => String(n).repeat(200_000));
    await files.write('a', bytes(texts[0] ?? ''));
    let writing = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (writing) seen.add(Buffer.from((await files.read('a')) ?? []).toString());
    })();
    await Promise.all(texts.map((text) => files.write('a', bytes(text))));
    writing = false;
    await reader;
    expect(seen.size).toBeGreaterThan(0);
    for (const text of seen) expect(texts).toContain(text);
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it('stops at its signal with its reason and leaves nothing behind', async () => {
    await files.write('a', bytes('kept'));
    const reason = new Error('cancelled');
    const aborted = AbortSignal.abort(reason);
    await expect(files.write('a', bytes('x'), aborted)).rejects.toBe(reason);
    await expect(files.read('a', aborted)).rejects.toBe(reason);
    await expect(files.remove('a', aborted)).rejects.toBe(reason);
    const controller = new AbortController();
    const writing = files.write('a', new Uint8Array(64 * 1024 * 1024), controller.signal);
    controller.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect(Buffer.from((await files.read('a')) ?? []).toString()).toBe('kept');
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it('removes what a process that died left half-written, and nothing younger', async () => {
    mkdirSync(directory, { recursive: true });
    for (const name of ['.mq-writing-old', '.mq-writing-young', 'old'])
      writeFileSync(join(directory, name), 'x');
    const long = new Date(Date.now() - 2 * 60 * 60 * 1000);
    for (const name of ['.mq-writing-old', 'old']) utimesSync(join(directory, name), long, long);
    await files.write('new', bytes('x'));
    expect(readdirSync(directory).sort()).toEqual(['.mq-writing-young', 'new', 'old']);
  });

  it('makes its directory again when the first time failed', async () => {
    writeFileSync(join(parent, 'deep'), 'in the way');
    await expect(files.write('a', bytes('x'))).rejects.toThrow();
    rmSync(join(parent, 'deep'));
    await files.write('a', bytes('x'));
    expect(await files.read('a')).not.toBeNull();
  });

  it('says what is wrong with its options, and plugs into the module', async () => {
    expect(() => new FilesystemAttachmentFiles({ directory: ' ' })).toThrow(/directory: must be the path/);
    const module = await Test.createTestingModule({
      imports: [
        MessageQueueModule.forRoot({ provider: 'memory', adapters: filesystemAdapters({ directory }) }),
      ],
    }).compile();
    expect(module.get(AttachmentFiles, { strict: false })).toBeInstanceOf(FilesystemAttachmentFiles);
    await module.close();
  });
});
