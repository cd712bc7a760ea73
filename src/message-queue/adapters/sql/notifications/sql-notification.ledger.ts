import type { Selectable } from 'kysely';
import { NotificationLedger, overtakenReports } from '../../../ports/notifications/notification-ledger.js';
import type {
  NotificationLedgerEntry,
  NotificationReport,
} from '../../../ports/notifications/notification-ledger.js';
import type { NotificationType } from '../../../ports/notifications/notification-type.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { countTraces, eraseTraces, traceTable } from '../traces/sql-traces.js';
import { toDate, toText } from '../database/sql-values.js';

const ENTRIES = [
  traceTable({ name: 'mq_notification_ledger', key: ['notification_id', 'target'], subject: 'recipient_id' }),
];

/** What notifications went out, in SQL. */
export class SqlNotificationLedger extends NotificationLedger {
  readonly holds = 'notification ledger';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async record(entry: NotificationLedgerEntry, signal: AbortSignal): Promise<void> {
    await this.database.run('record a notification', signal, (db) =>
      db
        .insertInto('mq_notification_ledger')
        .values({
          ...{ notification_id: entry.notificationId, target: entry.target, recipient_id: entry.recipientId },
          ...{ type: entry.type, outcome: entry.outcome, at: entry.at.getTime() },
          reason: entry.reason === undefined ? null : toText(entry.reason),
          provider_id: entry.providerId === undefined ? null : toText(entry.providerId),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }

  async list(notificationId: string, signal?: AbortSignal): Promise<readonly NotificationLedgerEntry[]> {
    const rows = await this.database.run('list what was notified', signal, (db) =>
      db
        .selectFrom('mq_notification_ledger')
        .selectAll()
        .where('notification_id', '=', notificationId)
        .orderBy('target')
        .execute(),
    );
    return rows.map(toEntry);
  }

  async findByProviderId(
    type: NotificationType,
    providerId: string,
    signal?: AbortSignal,
  ): Promise<NotificationLedgerEntry | null> {
    const row = await this.database.run('find what was reported', signal, (db) =>
      db
        .selectFrom('mq_notification_ledger')
        .selectAll()
        .where('provider_id', '=', toText(providerId))
        .where('type', '=', type)
        .executeTakeFirst(),
    );
    return row === undefined ? null : toEntry(row);
  }

  async report(
    type: NotificationType,
    providerId: string,
    { outcome, detail, at }: NotificationReport,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const noted = await this.database.run('note what was reported', signal, (db) =>
      db
        .updateTable('mq_notification_ledger')
        .set({
          ...{ report_outcome: outcome, reported_at: at.getTime() },
          report_detail: detail === null ? null : toText(detail),
        })
        .where('provider_id', '=', toText(providerId))
        .where('type', '=', type)
        .where((eb) =>
          eb.or([
            eb('report_outcome', 'is', null),
            ...overtakenReports(outcome).map((overtaken) => eb('report_outcome', '=', overtaken)),
          ]),
        )
        .returning('target')
        .execute(),
    );
    return noted.length > 0;
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, ENTRIES, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, ENTRIES, target, limit, signal);
  }
}

function toEntry(row: Selectable<SqlSchema['mq_notification_ledger']>): NotificationLedgerEntry {
  const { report_outcome: outcome, report_detail: detail, reported_at: reportedAt } = row;
  return {
    ...{ notificationId: row.notification_id, target: row.target, recipientId: row.recipient_id },
    ...{ type: row.type, outcome: row.outcome, at: toDate(row.at) },
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.provider_id !== null && { providerId: row.provider_id }),
    ...(outcome !== null && { report: { outcome, detail, at: toDate(reportedAt ?? row.at) } }),
  };
}
