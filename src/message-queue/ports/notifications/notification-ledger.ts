import type { NotificationType } from './notification-type.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/** What became of one notification at one target. */
export type NotificationOutcome = 'sent' | 'unregistered' | 'expired' | 'opted-out' | 'no-destination';

/** One line of the ledger. */
export interface NotificationLedgerEntry {
  readonly notificationId: string;
  /** The device's id, or the channel's name where there is one destination. Never an address. */
  readonly target: string;
  readonly recipientId: string;
  readonly type: NotificationType;
  readonly outcome: NotificationOutcome;
  /** Why it was not sent. */
  readonly reason?: string;
  /** The service's id for it. */
  readonly providerId?: string;
  readonly at: Date;
}

/**
 * What went out and what was dropped and why. A job that runs again skips the targets it finds here; so a notification repeats only
 * when the worker dies between the service's answer and `record`. Unique key: `notificationId` + `target`.
 */
export abstract class NotificationLedger extends TraceHolder {
  /** The first entry of a key stays. */
  abstract record(entry: NotificationLedgerEntry, signal: AbortSignal): Promise<void>;

  /** All entries of one notification. */
  abstract list(notificationId: string, signal?: AbortSignal): Promise<readonly NotificationLedgerEntry[]>;
}
