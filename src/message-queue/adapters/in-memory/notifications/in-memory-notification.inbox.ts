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
import { eraseNext, isToldOf } from '../traces.js';

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
        this.entries.values().filter((entry) => entry.recipientId === recipientId && !this.isGone(entry)),
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
      if (entry?.recipientId !== recipientId || this.isGone(entry)) return false;
      const readAt = entry.readAt ?? (at < entry.createdAt ? entry.createdAt : at);
      this.entries.set(notificationId, { ...entry, readAt });
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

  override countOld(before: Date, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.oldOnes(before).length);
  }

  override removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.oldOnes(before), limit, ({ notificationId }) => this.entries.delete(notificationId)),
    );
  }

  private oldOnes(before: Date): InboxEntry[] {
    return this.entries
      .values()
      .filter((entry) => entry.createdAt < before && !this.data.isKept(entry))
      .sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  }

  private tracesOf(target: TraceTarget): InboxEntry[] {
    const isOf = isToldOf(this.data, target);
    return this.entries.values().filter((entry) => isOf({ ...entry, writtenAt: entry.createdAt }));
  }

  private isGone(entry: InboxEntry): boolean {
    return this.data.isGone({ ...entry, writtenAt: entry.createdAt });
  }
}
