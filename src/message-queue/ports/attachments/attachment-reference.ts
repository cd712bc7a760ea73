/** An attachment as a message mentions it; the file itself is in AttachmentFiles. */
export interface AttachmentReference {
  readonly id: string;
  readonly fileName: string;
  /** MIME type, for example `image/png`. */
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Where clients fetch it; absent when the host serves it by id. */
  readonly url?: string;
}
