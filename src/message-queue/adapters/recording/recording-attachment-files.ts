import { Injectable } from '@nestjs/common';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { CallRecorder } from './call-recorder.js';

/** Files in memory. Keys that are paths are refused, as real adapters do: an UnrecoverableJobError. */
@Injectable()
export class RecordingAttachmentFiles extends AttachmentFiles {
  readonly recorder = new CallRecorder();
  private readonly files = new Map<string, Uint8Array>();

  override write(fileKey: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.recorder.run('write', [fileKey], signal, () => {
      this.files.set(plain(fileKey), Uint8Array.from(bytes));
    });
  }

  override read(fileKey: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    return this.recorder.run('read', [fileKey], signal, () => {
      const bytes = this.files.get(plain(fileKey));
      return bytes === undefined ? null : Uint8Array.from(bytes);
    });
  }

  override remove(fileKey: string, signal: AbortSignal): Promise<boolean> {
    return this.recorder.run('remove', [fileKey], signal, () => this.files.delete(plain(fileKey)));
  }
}

function plain(fileKey: string): string {
  if (fileKey !== '' && !fileKey.startsWith('.') && !/[/\\\0]/.test(fileKey)) return fileKey;
  throw new UnrecoverableJobError('A file key is a path, or empty. Keys are plain names such as "9f2c.png".');
}
