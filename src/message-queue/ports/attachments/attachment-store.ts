import { MessageQueueError } from '../../../kernel/errors.js';
import type { TraceTarget } from '../privacy/trace-holder.js';

/** An attachment's row. */
export interface StoredAttachment {
  readonly id: string;
  readonly messageId: string;
  /** Name of its file in AttachmentFiles. */
  readonly fileKey: string;
  /** The time from which it may be removed; null: not while its message lives. */
  readonly expiresAt: Date | null;
  /** No clean-up may remove it. */
  readonly legalHold: boolean;
}

/** The id belongs to another attachment: of another message, or with another file. */
export class AttachmentIdTakenError extends MessageQueueError {
  readonly code = 'ATTACHMENT_ID_TAKEN';
  constructor() {
    super(
      'The id of the attachment belongs to one of another message or with another file; save this one with an id of its own.',
    );
  }
}

/** The file is being removed, since no row needed it: what refers to it now would soon lead to nothing. Write it anew, under another key. */
export class FileBeingRemovedError extends MessageQueueError {
  readonly code = 'FILE_BEING_REMOVED';
  constructor() {
    super('The file of the attachment is being removed; write it again under another key, and save that.');
  }
}

/** What became of rows that are to be removed. */
export interface RemovalClaim {
  /** Rows that are gone: others need their file. */
  readonly removed: number;
  /** Rows that stay until their file is gone: nobody else needs it, and nothing that refers to it can be saved any more. */
  readonly claimed: readonly StoredAttachment[];
}

/** Rows of attachments. Unique key: `id`. Those under legal hold, their own or their conversation's, never count as expired. */
export abstract class AttachmentStore {
  /**
   * Adds the row; one that is there stays as it is. Save it before its file is written: a file that no row needs may be removed.
   * @throws AttachmentIdTakenError when the row that is there is of another message or file; FileBeingRemovedError
   */
  abstract save(attachment: StoredAttachment, signal?: AbortSignal): Promise<'saved' | 'exists'>;

  /** One row, or null; null too where the store can see that the conversation of its message was deleted after the message. */
  abstract find(id: string, signal?: AbortSignal): Promise<StoredAttachment | null>;

  /** How many had expired at `before`. */
  abstract countExpired(before: Date, signal: AbortSignal): Promise<number>;

  /** The next rows that had expired at `before`, in a stable order. */
  abstract listExpired(
    before: Date,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly StoredAttachment[]>;

  /** How many belong to a target; not those that a legal hold keeps. */
  abstract countOf(target: TraceTarget, signal: AbortSignal): Promise<number>;

  /** The next rows of a target that no legal hold keeps, in a stable order. */
  abstract listOf(
    target: TraceTarget,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly StoredAttachment[]>;

  /**
   * Decides which of these rows may go and which files with them, over all other rows and legal holds, in one transaction that no save and
   * no hold comes between. Held rows and unknown ids are left out. Claimed rows stay claimed after a crash, and can be claimed again.
   */
  abstract claimRemoval(ids: readonly string[], signal: AbortSignal): Promise<RemovalClaim>;

  /** Removes rows whose files are gone; unknown ids are ignored. @returns how many were there */
  abstract removeMany(ids: readonly string[], signal: AbortSignal): Promise<number>;
}
