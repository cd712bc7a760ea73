import type { Provider } from '@nestjs/common';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { FilesystemAttachmentFiles } from './filesystem-attachment-files.js';
import type { FilesystemAttachmentOptions } from './filesystem-attachment-files.js';

/** {@link FilesystemAttachmentFiles} as the app's AttachmentFiles, for the module's `adapters`. */
export function filesystemAdapters(options: FilesystemAttachmentOptions): Provider[] {
  return [
    { provide: FilesystemAttachmentFiles, useFactory: () => new FilesystemAttachmentFiles(options) },
    { provide: AttachmentFiles, useExisting: FilesystemAttachmentFiles },
  ];
}
