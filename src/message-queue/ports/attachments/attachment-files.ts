/** The files of attachments: a directory, an object store. Keys are names, never paths: an adapter refuses `..` and separators. */
export abstract class AttachmentFiles {
  /** Writes or replaces a file. */
  abstract write(fileKey: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;

  /** A file's bytes, or null. */
  abstract read(fileKey: string, signal?: AbortSignal): Promise<Uint8Array | null>;

  /** Removes a file; one that is gone already is ignored. @returns whether it was there */
  abstract remove(fileKey: string, signal: AbortSignal): Promise<boolean>;
}
