import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { kindThat } from '../../../kernel/values/kind.js';
import { required, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf } from '../../../kernel/values/options.js';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { fileNameOf, TEMPORARY_PREFIX } from './file-name.js';

/** Where {@link FilesystemAttachmentFiles} keeps files. */
export interface FilesystemAttachmentOptions {
  /** Holds the files, and nothing else; made at the first write. A relative path counts from the process's directory. */
  readonly directory: string;
}

const FIELDS = {
  directory: required(
    kindThat<string>(
      'the path of a directory',
      (value) => typeof value === 'string' && value.trim() !== '' && !value.includes('\0'),
    ),
  ),
} satisfies FieldsOf<FilesystemAttachmentOptions>;

/** Half-written files that are older were left by a process that died. */
const LEFT_OVER_MS = 60 * 60 * 1000;
/** Never through a link, and never waiting at a pipe. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Attachments as files of one directory, named by their keys. A file is there whole or not at all: it is written beside and
 * renamed, and is on disk when `write` resolves. Nothing outside of the directory can be reached: keys are plain names, and
 * links that somebody put there are not followed. Readable by the process's user alone (mode 600).
 */
export class FilesystemAttachmentFiles extends AttachmentFiles {
  private readonly directory: string;
  private prepared: Promise<void> | null = null;

  /** @throws InvalidConfigurationError without a directory */
  constructor(options: FilesystemAttachmentOptions) {
    super();
    const { directory } = resolveOptions('FilesystemAttachmentFiles', options, FIELDS);
    this.directory = isAbsolute(directory) ? directory : resolve(directory);
  }

  /** @throws InvalidFileKeyError, the signal's reason, or what the file system says (`ENOSPC`, `EACCES`, …) */
  async write(fileKey: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const path = this.pathOf(fileKey);
    signal?.throwIfAborted();
    await this.prepare();
    const temporary = join(this.directory, `${TEMPORARY_PREFIX}${randomUUID()}`);
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes, { signal });
        await file.sync();
      } finally {
        await file.close();
      }
      signal?.throwIfAborted();
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      // What Node throws instead hides the reason that executors look for.
      signal?.throwIfAborted();
      throw error;
    }
    await this.syncDirectory();
  }

  /** @throws InvalidFileKeyError, the signal's reason, `ELOOP` for a link, or what the file system says */
  async read(fileKey: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    const path = this.pathOf(fileKey);
    signal?.throwIfAborted();
    const file = await unlessMissing(open(path, READ));
    if (file === null) return null;
    try {
      if (!(await file.stat()).isFile()) throw new Error('What is stored under a file key is not a file.');
      return await file.readFile({ signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Removes a link itself, not what it leads to. @throws InvalidFileKeyError, the signal's reason, or what the file system says */
  async remove(fileKey: string, signal: AbortSignal): Promise<boolean> {
    const path = this.pathOf(fileKey);
    signal.throwIfAborted();
    return (await unlessMissing(unlink(path).then(() => true))) ?? false;
  }

  private pathOf(fileKey: string): string {
    return join(this.directory, fileNameOf(fileKey));
  }

  private prepare(): Promise<void> {
    this.prepared ??= this.makeDirectory().catch((error: unknown) => {
      this.prepared = null;
      throw error;
    });
    return this.prepared;
  }

  private async makeDirectory(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.directory)) {
      if (!name.startsWith(TEMPORARY_PREFIX)) continue;
      const path = join(this.directory, name);
      const found = await unlessMissing(lstat(path));
      if (found !== null && found.mtimeMs < Date.now() - LEFT_OVER_MS) await rm(path, { force: true });
    }
  }

  /** A new name is on disk only when its directory is. */
  private async syncDirectory(): Promise<void> {
    if (process.platform === 'win32') return;
    const directory = await open(this.directory, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
