import { Inject, Injectable, Optional } from '@nestjs/common';
import { NotificationInbox } from '../../../ports/notifications/notification-inbox.js';
import type { InboxEntry } from '../../../ports/notifications/notification-inbox.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { InMemoryMessages } from '../messages/in-memory-messages.js';
import { pageOf } from '../page-of.js';
import { eraseNext, isOfSubject } from '../traces.js';

/** In-app notifications in memory. Forgets those that were added or read longest ago. */
@Injectable()
export class InMemoryNotificationInbox extends NotificationInbox {
  override readonly holds = 'notification inbox';
  private readonly entries: BoundedMap<InboxEntry>;

  constructor(
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
    @Optional() private readonly data: InMemoryMessages = new InMemoryMessages(),
  ) {
    super();
    this.entries = new BoundedMap(limits, ({ title, body }) => title.length + body.length);
  }

  override add(entry: Omit<InboxEntry, 'readAt'>, signal: AbortSignal): Promise<'added' | 'exists'> {
    return answer(signal, () => {
      if (this.entries.has(entry.notificationId)) return 'exists';
      this.entries.set(entry.notificationId, { ...entry, readAt: null });
      return 'added';
    });
  }

  override list(recipientId: string, page?: PageRequest, signal?: AbortSignal): Promise<Page<InboxEntry>> {
    return answer(signal, () =>
      pageOf(
        this.entries.values().filter((entry) => entry.recipientId === recipientId),
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
    return answer(signal, () => {
      const entry = this.entries.get(notificationId);
      if (entry?.recipientId !== recipientId) return false;
      this.entries.set(notificationId, { ...entry, readAt: entry.readAt ?? at });
      return true;
    });
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.tracesOf(target), limit, ({ notificationId }) => this.entries.delete(notificationId)),
    );
  }

  private tracesOf(target: TraceTarget): InboxEntry[] {
    const ids = this.data.idsOf(target);
    const isTo = isOfSubject(target);
    return this.entries
      .values()
      .filter((entry) => this.isAbout(ids, entry) || (isTo(entry) && !this.isLeftOut(entry, target)));
  }

  private isAbout(ids: ReadonlySet<string>, { messageId }: InboxEntry): boolean {
    return messageId !== null && ids.has(messageId);
  }

  /** Whether it is about a message of a conversation that a legal hold keeps, or the target leaves out. */
  private isLeftOut({ messageId }: InboxEntry, target: TraceTarget): boolean {
    const conversationId = messageId === null ? undefined : this.data.message(messageId)?.conversationId;
    if (conversationId === undefined) return false;
    const except = target.kind === 'subject' ? target.exceptConversations : [];
    return this.data.isHeld(conversationId) || except.includes(conversationId);
  }
}
