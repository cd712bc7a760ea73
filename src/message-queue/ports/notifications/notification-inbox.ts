import type { Page, PageRequest } from '../page.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/** A notification in the app's own list. */
export interface InboxEntry {
  readonly notificationId: string;
  readonly recipientId: string;
  readonly title: string;
  readonly body: string;
  /** The message that it is about. */
  readonly messageId: string | null;
  /** The conversation that its text comes from. */
  readonly conversationId: string | null;
  readonly createdAt: Date;
  readonly readAt: Date | null;
}

/**
 * The in-app notifications. Unique key: `notificationId`. Where the store can see messages and marks of conversations, an entry of a message
 * that is hidden, or of a conversation that was deleted after it, is in no read.
 */
export abstract class NotificationInbox extends TraceHolder {
  /** @returns `exists` when the id is there already; nothing changes then */
  abstract add(entry: Omit<InboxEntry, 'readAt'>, signal: AbortSignal): Promise<'added' | 'exists'>;

  /** A recipient's entries, newest first. */
  abstract list(recipientId: string, page?: PageRequest, signal?: AbortSignal): Promise<Page<InboxEntry>>;

  /**
   * Marks one of the recipient's entries as read; the first time stays, and none is before the entry was made.
   * @param at when the server heard of it
   * @returns whether there is such an entry
   */
  abstract markRead(
    recipientId: string,
    notificationId: string,
    at: Date,
    signal?: AbortSignal,
  ): Promise<boolean>;

  /** How many entries were made before `before`, read or not; not those of conversations that it knows to be under legal hold. */
  abstract countOld(before: Date, signal: AbortSignal): Promise<number>;

  /** Removes the oldest of them, in one short transaction. @param limit at most so many, 1 to 10 000 @returns how many; 0: none is left */
  abstract removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number>;
}
