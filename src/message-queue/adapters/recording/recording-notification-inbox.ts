import { Injectable } from '@nestjs/common';
import { NotificationInbox } from '../../ports/notifications/notification-inbox.js';
import type { InboxEntry } from '../../ports/notifications/notification-inbox.js';
import type { Page, PageRequest } from '../../ports/page.js';
import { CallRecorder } from './call-recorder.js';
import { pageOf } from './page-of.js';

/** In-app notifications in memory. */
@Injectable()
export class RecordingNotificationInbox extends NotificationInbox {
  readonly recorder = new CallRecorder();
  private readonly entries = new Map<string, InboxEntry>();

  override add(entry: Omit<InboxEntry, 'readAt'>, signal: AbortSignal): Promise<'added' | 'exists'> {
    return this.recorder.run('add', [entry], signal, () => {
      if (this.entries.has(entry.notificationId)) return 'exists';
      this.entries.set(entry.notificationId, { ...entry, readAt: null });
      return 'added';
    });
  }

  override list(recipientId: string, page?: PageRequest, signal?: AbortSignal): Promise<Page<InboxEntry>> {
    return this.recorder.run('list', [recipientId, page], signal, () =>
      pageOf(
        [...this.entries.values()].filter((entry) => entry.recipientId === recipientId),
        (entry) => [entry.createdAt.getTime(), entry.notificationId],
        'newest-first',
        page,
      ),
    );
  }

  override markRead(
    recipientId: string,
    notificationId: string,
    at: Date,
    signal?: AbortSignal,
  ): Promise<boolean> {
    return this.recorder.run('markRead', [recipientId, notificationId, at], signal, () => {
      const entry = this.entries.get(notificationId);
      if (entry?.recipientId !== recipientId) return false;
      this.entries.set(notificationId, { ...entry, readAt: entry.readAt ?? at });
      return true;
    });
  }
}
