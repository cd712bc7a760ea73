import type { Clock } from '../../kernel/time/clock.js';
import { Issues } from '../../kernel/values/issues.js';
import { id, isRecord } from '../../kernel/values/kinds.js';
import {
  DeliveryReportOutcome,
  DeliveryReports,
  InvalidDeliveryReportError,
  isDeliveryReportOutcome,
} from '../ports/notifications/delivery-report.js';
import type { DeliveryReport } from '../ports/notifications/delivery-report.js';
import type { NotificationLedger, NotificationReport } from '../ports/notifications/notification-ledger.js';
import {
  isSuppressionChannel,
  SuppressionChannel,
  SuppressionReason,
} from '../ports/suppressions/suppression.js';
import type { Suppressions } from '../ports/suppressions/suppressions.js';

const LONGEST_DETAIL = 200;
/** Who lifts what somebody opted in to again, in the audit. */
const BY = 'delivery-report';

/** Notes what services report later in the ledger, and among the suppressions. */
export class RecordedDeliveryReports extends DeliveryReports {
  constructor(
    private readonly ledger: NotificationLedger,
    private readonly suppressions: Suppressions,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async record(report: DeliveryReport, signal?: AbortSignal): Promise<boolean> {
    check(report);
    const noted = await this.note(report, signal);
    const { channel, destination, outcome, detail, at } = report;
    if (destination === null) return noted.isNew;
    if (outcome === DeliveryReportOutcome.OPTED_IN) {
      const call = { by: BY, only: SuppressionReason.OPTED_OUT, at };
      return (await this.suppressions.lift(channel, destination, call, signal)) || noted.isNew;
    }
    const reason = reasonOf(report);
    if (reason === null) return noted.isNew;
    const { recipientId } = noted;
    const dead = { channel, destination, recipientId, reason, detail, at };
    return (await this.suppressions.suppress(dead, signal)) || noted.isNew;
  }

  /** @returns whether the ledger did not know that yet, and whose notification it was */
  private async note(
    { channel, providerId, outcome, detail, at }: DeliveryReport,
    signal: AbortSignal | undefined,
  ): Promise<{ isNew: boolean; recipientId: string | null }> {
    // Messages by webhook are in no ledger of notifications.
    if (providerId === null || channel === SuppressionChannel.WEBHOOK)
      return { isNew: false, recipientId: null };
    const entry = await this.ledger.findByProviderId(channel, providerId, signal);
    if (entry === null) return { isNew: false, recipientId: null };
    const { recipientId } = entry;
    if (!isOfNotification(outcome)) return { isNew: false, recipientId };
    const noted = {
      outcome,
      detail: detail?.slice(0, LONGEST_DETAIL) ?? null,
      at: new Date(Math.min(at.getTime(), this.clock.now())),
    };
    return { isNew: await this.ledger.report(channel, providerId, noted, signal), recipientId };
  }
}

function isOfNotification(outcome: DeliveryReportOutcome): outcome is NotificationReport['outcome'] {
  return outcome !== DeliveryReportOutcome.OPTED_IN && outcome !== DeliveryReportOutcome.OPTED_OUT;
}

/** Why the destination of a report gets nothing more; null: it does. */
function reasonOf({ channel, outcome, permanent }: DeliveryReport): SuppressionReason | null {
  switch (outcome) {
    case DeliveryReportOutcome.OPTED_OUT:
      return SuppressionReason.OPTED_OUT;
    case DeliveryReportOutcome.COMPLAINED:
      return SuppressionReason.COMPLAINED;
    case DeliveryReportOutcome.BOUNCED:
      return permanent ? SuppressionReason.BOUNCED : null;
    case DeliveryReportOutcome.FAILED: {
      const isOfApp = channel === SuppressionChannel.PUSH || channel === SuppressionChannel.WEBHOOK;
      return !permanent ? null : isOfApp ? SuppressionReason.GONE : SuppressionReason.INVALID;
    }
    default:
      return null;
  }
}

function check(report: DeliveryReport): void {
  const issues = new Issues();
  const given = (isRecord(report) ? report : {}) as Partial<Record<keyof DeliveryReport, unknown>>;
  const { channel, providerId, destination, outcome, permanent, detail, at } = given;
  issues.unless(isSuppressionChannel(channel), 'channel', 'must be one of SuppressionChannel');
  issues.unless(isDeliveryReportOutcome(outcome), 'outcome', 'must be one of DeliveryReportOutcome');
  if (providerId !== null) issues.check('providerId', providerId, id(1_000));
  if (destination !== null) issues.check('destination', destination, id(16_384));
  issues.unless(
    providerId !== null || destination !== null,
    'destination',
    'must be given where there is no providerId',
  );
  issues.unless(typeof permanent === 'boolean', 'permanent', 'must be true or false');
  issues.unless(detail === null || typeof detail === 'string', 'detail', 'must be a text or null');
  issues.unless(at instanceof Date && !Number.isNaN(at.getTime()), 'at', 'must be a valid date');
  issues.throwIfAny(InvalidDeliveryReportError, 'A delivery report was not recorded:');
}
