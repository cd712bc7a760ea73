import type { NotificationType } from './notification-type.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/**
 * What became of one notification at one target. `refused`: the service takes nothing more for this destination; `suppressed`: that was known,
 * so it was not asked; `read`: its message was read before its digest went out; `deleted`: what it was about was deleted.
 */
export type NotificationOutcome =
  | 'sent'
  | 'unregistered'
  | 'refused'
  | 'suppressed'
  | 'expired'
  | 'opted-out'
  | 'no-destination'
  | 'read'
  | 'deleted';

/** What the service reported later of what it took. */
export interface NotificationReport {
  readonly outcome: 'delivered' | 'failed' | 'bounced' | 'complained';
  /** The service's code for it; never an address. */
  readonly detail: string | null;
  readonly at: Date;
}

/** From what a report may be overtaken by to what overtakes it: reports come in any order. */
const REPORT_ORDER: readonly NotificationReport['outcome'][] = [
  'delivered',
  'failed',
  'bounced',
  'complained',
];

/** Outcomes that a report of this outcome overtakes. */
export function overtakenReports(outcome: NotificationReport['outcome']): NotificationReport['outcome'][] {
  return REPORT_ORDER.slice(0, REPORT_ORDER.indexOf(outcome));
}

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
  /** The message that it is about. */
  readonly messageId?: string;
  /** The conversation that its text comes from. */
  readonly conversationId?: string;
  readonly at: Date;
  /** What the service reported later; absent while it did not. */
  readonly report?: NotificationReport;
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

  /** The entry with the service's id for it; null: there is none, or none any more. */
  abstract findByProviderId(
    type: NotificationType,
    providerId: string,
    signal?: AbortSignal,
  ): Promise<NotificationLedgerEntry | null>;

  /**
   * Notes at that entry what the service reported, unless it has a report that this one does not overtake: `delivered`, `failed`, `bounced`,
   * `complained`, in this order.
   * @returns whether it was noted
   */
  abstract report(
    type: NotificationType,
    providerId: string,
    report: NotificationReport,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** How many entries are from before `before`; not those of conversations that it knows to be under legal hold. */
  abstract countOld(before: Date, signal: AbortSignal): Promise<number>;

  /**
   * Removes the oldest of them, in one short transaction. A job that is replayed after that notifies again.
   * @param limit at most so many, 1 to 10 000
   * @returns how many; 0: none is left
   */
  abstract removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number>;
}
