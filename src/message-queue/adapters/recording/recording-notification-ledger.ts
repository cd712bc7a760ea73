import { Injectable } from '@nestjs/common';
import { NotificationLedger } from '../../ports/notifications/notification-ledger.js';
import type { NotificationLedgerEntry } from '../../ports/notifications/notification-ledger.js';
import { CallRecorder } from './call-recorder.js';

/** What became of notifications, in memory. */
@Injectable()
export class RecordingNotificationLedger extends NotificationLedger {
  readonly recorder = new CallRecorder();
  private readonly entries = new Map<string, Map<string, NotificationLedgerEntry>>();

  override record(entry: NotificationLedgerEntry, signal: AbortSignal): Promise<void> {
    return this.recorder.run('record', [entry], signal, () => {
      const targets = this.entries.get(entry.notificationId) ?? new Map<string, NotificationLedgerEntry>();
      this.entries.set(entry.notificationId, targets);
      if (!targets.has(entry.target)) targets.set(entry.target, entry);
    });
  }

  override list(notificationId: string, signal?: AbortSignal): Promise<readonly NotificationLedgerEntry[]> {
    return this.recorder.run('list', [notificationId], signal, () => [
      ...(this.entries.get(notificationId)?.values() ?? []),
    ]);
  }
}
