import type { Selectable, SqlBool } from 'kysely';
import { NotificationLedger, overtakenReports } from '../../../ports/notifications/notification-ledger.js';
import type {
  NotificationLedgerEntry,
  NotificationReport,
} from '../../../ports/notifications/notification-ledger.js';
import type { NotificationType } from '../../../ports/notifications/notification-type.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isGone } from '../traces/sql-deletions.js';
import { countOld, removeOld } from '../traces/sql-old-rows.js';
import { countTraces, eraseTraces } from '../traces/sql-traces.js';
import { notificationTraces } from './sql-notification-traces.js';
import { toDate, toText } from '../database/sql-values.js';

const NAME = 'mq_notification_ledger';
const KEY = ['notification_id', 'target'];

const ENTRIES = [notificationTraces({ name: NAME, key: KEY, writtenAt: 'at' })];
const AGING = { name: NAME, key: KEY, at: 'at', isInConversations: true } as const;

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
          ...{ message_id: entry.messageId ?? null, conversation_id: entry.conversationId ?? null },
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }

  async list(notificationId: string, signal?: AbortSignal): Promise<readonly NotificationLedgerEntry[]> {
    const { sql } = this.database;
    const belonging = {
      message: sql.ref<string>(`${NAME}.message_id`),
      conversation: sql.ref<string>(`${NAME}.conversation_id`),
      writtenAt: sql.ref<number>(`${NAME}.at`),
    };
    const rows = await this.database.run('list what was notified', signal, (db) =>
      db
        .selectFrom('mq_notification_ledger')
        .selectAll()
        .where('notification_id', '=', notificationId)
        .where(sql<SqlBool>`NOT ${isGone(this.database, belonging)}`)
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

  async countOld(before: Date, signal: AbortSignal): Promise<number> {
    return countOld(this.database, AGING, before, signal);
  }

  async removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return removeOld(this.database, AGING, before, limit, signal);
  }
}

function toEntry(row: Selectable<SqlSchema['mq_notification_ledger']>): NotificationLedgerEntry {
  const { report_outcome: outcome, report_detail: detail, reported_at: reportedAt } = row;
  return {
    ...{ notificationId: row.notification_id, target: row.target, recipientId: row.recipient_id },
    ...{ type: row.type, outcome: row.outcome, at: toDate(row.at) },
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.provider_id !== null && { providerId: row.provider_id }),
    ...(row.message_id !== null && { messageId: row.message_id }),
    ...(row.conversation_id !== null && { conversationId: row.conversation_id }),
    ...(outcome !== null && { report: { outcome, detail, at: toDate(reportedAt ?? row.at) } }),
  };
}
