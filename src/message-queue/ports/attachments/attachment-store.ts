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

/** Rows of attachments. Unique key: `id`. Those under legal hold, their own or their conversation's, never count as expired. */
export abstract class AttachmentStore {
  /** Adds the row; one that is there stays as it is. */
  abstract save(attachment: StoredAttachment, signal?: AbortSignal): Promise<'saved' | 'exists'>;

  /** One row, or null. */
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

  /** Which of these files another row than these needs. */
  abstract filesStillNeeded(
    fileKeys: readonly string[],
    exceptIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;

  /** Removes rows; unknown ids are ignored. @returns how many were there */
  abstract removeMany(ids: readonly string[], signal: AbortSignal): Promise<number>;
}
