import { Inject, Injectable, Optional } from '@nestjs/common';
import { NotificationLedger } from '../../../ports/notifications/notification-ledger.js';
import type { NotificationLedgerEntry } from '../../../ports/notifications/notification-ledger.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';

/**
 * What became of notifications, in memory. Forgets the notification whose last entry is oldest: a job that is repeated that late
 * (a dead letter replayed after thousands of others) notifies again, under the same id.
 */
@Injectable()
export class InMemoryNotificationLedger extends NotificationLedger {
  private readonly entries: BoundedMap<Map<string, NotificationLedgerEntry>>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.entries = new BoundedMap(limits);
  }

  override record(entry: NotificationLedgerEntry, signal: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const targets = this.entries.get(entry.notificationId) ?? new Map<string, NotificationLedgerEntry>();
      if (!targets.has(entry.target)) targets.set(entry.target, entry);
      this.entries.set(entry.notificationId, targets);
    });
  }

  override list(notificationId: string, signal?: AbortSignal): Promise<readonly NotificationLedgerEntry[]> {
    return answer(signal, () => [...(this.entries.get(notificationId)?.values() ?? [])]);
  }
}
