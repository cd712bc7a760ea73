import { Injectable } from '@nestjs/common';
import { AttachmentFiles } from '../../ports/attachment-files.js';
import { CallRecorder } from './call-recorder.js';

/** Files in memory. */
@Injectable()
export class RecordingAttachmentFiles extends AttachmentFiles {
  readonly recorder = new CallRecorder();
  private readonly files = new Map<string, Uint8Array>();

  override write(fileKey: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.recorder.run('write', [fileKey], signal, () => {
      this.files.set(fileKey, Uint8Array.from(bytes));
    });
  }

  override read(fileKey: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    return this.recorder.run('read', [fileKey], signal, () => this.files.get(fileKey) ?? null);
  }

  override remove(fileKey: string, signal: AbortSignal): Promise<boolean> {
    return this.recorder.run('remove', [fileKey], signal, () => this.files.delete(fileKey));
  }
}
