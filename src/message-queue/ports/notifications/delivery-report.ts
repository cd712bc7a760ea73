import { IssuesError } from '../../../kernel/errors.js';
import type { SuppressionChannel } from '../suppressions/suppression.js';

/**
 * What a service says about a notification after it took it, or about a destination:
 *
 * - `delivered`: it arrived.
 * - `failed`: it did not arrive.
 * - `bounced`: the mailbox or subscriber sent it back.
 * - `complained`: whoever got it reported it as spam; the destination is suppressed.
 * - `opted-out`: whoever it belongs to wants no more (STOP); the destination is suppressed.
 * - `opted-in`: they want it again (START); lifts what they, and nobody else, had suppressed.
 */
export const DeliveryReportOutcome = {
  DELIVERED: 'delivered',
  FAILED: 'failed',
  BOUNCED: 'bounced',
  COMPLAINED: 'complained',
  OPTED_OUT: 'opted-out',
  OPTED_IN: 'opted-in',
} as const;

/** One of {@link DeliveryReportOutcome}'s values. */
export type DeliveryReportOutcome = (typeof DeliveryReportOutcome)[keyof typeof DeliveryReportOutcome];

/** Whether a value is something that a service says later. */
export function isDeliveryReportOutcome(value: unknown): value is DeliveryReportOutcome {
  return Object.values<unknown>(DeliveryReportOutcome).includes(value);
}

/** A report that came after the service's answer, once it is known who it is from: whoever calls has verified its signature. */
export interface DeliveryReport {
  readonly channel: SuppressionChannel;
  /** The service's id for the notification, as its receipt said; null: the report is about the destination alone. */
  readonly providerId: string | null;
  /** Mail address, phone number (E.164), device token or URL; null: the report does not say, and nothing is suppressed. */
  readonly destination: string | null;
  readonly outcome: DeliveryReportOutcome;
  /** Of `failed` and `bounced`: nothing will ever reach the destination, which is suppressed. Not looked at for the others. */
  readonly permanent: boolean;
  /** The service's code for it, such as `Twilio 30005`; at most 200 characters, never an address. */
  readonly detail: string | null;
  /** When it happened, by the service; where it does not say, when the report came. Reports may come twice and in any order. */
  readonly at: Date;
}

/** A report does not say what it must; names every field. */
export class InvalidDeliveryReportError extends IssuesError {
  readonly code = 'INVALID_DELIVERY_REPORT';
}

/** Takes what services report later. The library provides it: what receives a service's callbacks calls it. */
export abstract class DeliveryReports {
  /**
   * Notes the report in the ledger, and suppresses the destination or lifts that. The same report twice, or one that a newer one has overtaken,
   * changes nothing; ids that nobody knows are no error.
   * @returns whether it changed anything
   * @throws InvalidDeliveryReportError; AuditUnavailableError when a lifting cannot be written down: the same report again is safe
   */
  abstract record(report: DeliveryReport, signal?: AbortSignal): Promise<boolean>;
}
