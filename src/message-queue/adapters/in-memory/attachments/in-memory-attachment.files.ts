import { Inject, Injectable, Optional } from '@nestjs/common';
import { UnrecoverableJobError } from '../../../jobs/errors.js';
import { AttachmentFiles } from '../../../ports/attachments/attachment-files.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';

/** Files in memory; full, it refuses to write: a file that is gone without notice would be missed later. Keys that are paths are refused, as real adapters do: an UnrecoverableJobError. */
@Injectable()
export class InMemoryAttachmentFiles extends AttachmentFiles {
  private readonly files: BoundedMap<Uint8Array>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.files = new BoundedMap(limits, (bytes) => bytes.byteLength);
  }

  override write(fileKey: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      this.files.setOrRefuse(plain(fileKey), Uint8Array.from(bytes), 'AttachmentFiles');
    });
  }

  override read(fileKey: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    return answer(signal, () => {
      const bytes = this.files.get(plain(fileKey));
      return bytes === undefined ? null : Uint8Array.from(bytes);
    });
  }

  override remove(fileKey: string, signal: AbortSignal): Promise<boolean> {
    return answer(signal, () => this.files.delete(plain(fileKey)));
  }
}

function plain(fileKey: string): string {
  if (fileKey !== '' && !fileKey.startsWith('.') && !/[/\\\0]/.test(fileKey)) return fileKey;
  throw new UnrecoverableJobError('A file key is a path, or empty. Keys are plain names such as "9f2c.png".');
}
