import type { Page, PageRequest } from '../page.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/** A notification in the app's own list. */
export interface InboxEntry {
  readonly notificationId: string;
  readonly recipientId: string;
  readonly title: string;
  readonly body: string;
  readonly messageId: string | null;
  readonly createdAt: Date;
  readonly readAt: Date | null;
}

/** The in-app notifications. Unique key: `notificationId`. */
export abstract class NotificationInbox extends TraceHolder {
  /** @returns `exists` when the id is there already; nothing changes then */
  abstract add(entry: Omit<InboxEntry, 'readAt'>, signal: AbortSignal): Promise<'added' | 'exists'>;

  /** A recipient's entries, newest first. */
  abstract list(recipientId: string, page?: PageRequest, signal?: AbortSignal): Promise<Page<InboxEntry>>;

  /** Marks one of the recipient's entries as read; the first time stays. @returns whether there is such an entry */
  abstract markRead(
    recipientId: string,
    notificationId: string,
    at: Date,
    signal?: AbortSignal,
  ): Promise<boolean>;
}
