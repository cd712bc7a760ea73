export { filesystemAdapters } from './filesystem-adapters.js';
export { FilesystemAttachmentFiles } from './filesystem-attachment-files.js';
export type { FilesystemAttachmentOptions } from './filesystem-attachment-files.js';
export { InvalidFileKeyError } from './invalid-file-key.error.js';
