import { Inject, Injectable, Optional } from '@nestjs/common';
import { NotificationLedger, overtakenReports } from '../../../ports/notifications/notification-ledger.js';
import type {
  NotificationLedgerEntry,
  NotificationReport,
} from '../../../ports/notifications/notification-ledger.js';
import type { NotificationType } from '../../../ports/notifications/notification-type.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { InMemoryMessages } from '../messages/in-memory-messages.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { eraseNext, isToldOf } from '../traces.js';

/**
 * What became of notifications, in memory. Forgets the notification whose last entry is oldest: a job that is repeated that late
 * (a dead letter replayed after thousands of others) notifies again, under the same id.
 */
@Injectable()
export class InMemoryNotificationLedger extends NotificationLedger {
  override readonly holds = 'notification ledger';
  private readonly entries: BoundedMap<Map<string, NotificationLedgerEntry>>;

  constructor(
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
    @Optional() private readonly data: InMemoryMessages = new InMemoryMessages(),
  ) {
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
    return answer(signal, () =>
      [...(this.entries.get(notificationId)?.values() ?? [])].filter(
        (entry) => !this.data.isGone({ ...entry, writtenAt: entry.at }),
      ),
    );
  }

  override findByProviderId(
    type: NotificationType,
    providerId: string,
    signal?: AbortSignal,
  ): Promise<NotificationLedgerEntry | null> {
    return answer(signal, () => this.reported(type, providerId) ?? null);
  }

  override report(
    type: NotificationType,
    providerId: string,
    report: NotificationReport,
    signal?: AbortSignal,
  ): Promise<boolean> {
    return answer(signal, () => {
      const entry = this.reported(type, providerId);
      if (entry === undefined) return false;
      if (entry.report !== undefined && !overtakenReports(report.outcome).includes(entry.report.outcome))
        return false;
      this.entries.get(entry.notificationId)?.set(entry.target, { ...entry, report });
      return true;
    });
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => eraseNext(this.tracesOf(target), limit, (entry) => this.remove(entry)));
  }

  private reported(type: NotificationType, providerId: string): NotificationLedgerEntry | undefined {
    return this.all().find((entry) => entry.providerId === providerId && entry.type === type);
  }

  override countOld(before: Date, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.oldOnes(before).length);
  }

  override removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => eraseNext(this.oldOnes(before), limit, (entry) => this.remove(entry)));
  }

  private all(): NotificationLedgerEntry[] {
    return this.entries.values().flatMap((targets) => [...targets.values()]);
  }

  private oldOnes(before: Date): NotificationLedgerEntry[] {
    return this.all()
      .filter((entry) => entry.at < before && !this.data.isKept(entry))
      .sort((one, other) => one.at.getTime() - other.at.getTime());
  }

  private tracesOf(target: TraceTarget): NotificationLedgerEntry[] {
    const isOf = isToldOf(this.data, target);
    return this.all().filter((entry) => isOf({ ...entry, writtenAt: entry.at }));
  }

  private remove({ notificationId, target }: NotificationLedgerEntry): void {
    const targets = this.entries.get(notificationId);
    targets?.delete(target);
    if (targets?.size === 0) this.entries.delete(notificationId);
  }
}
