import type { Selectable, SqlBool } from 'kysely';
import { NotificationInbox } from '../../../ports/notifications/notification-inbox.js';
import type { InboxEntry } from '../../../ports/notifications/notification-inbox.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { countTraces, eraseTraces, isAmong, isKept, messagesOf } from '../traces/sql-traces.js';
import type { TraceTable } from '../traces/sql-traces.js';
import { toDate, toDateOrNull, toText } from '../database/sql-values.js';

type InboxRow = Selectable<SqlSchema['mq_notification_inbox']>;

const ENTRIES: readonly TraceTable[] = [
  {
    name: 'mq_notification_inbox',
    key: ['notification_id'],
    order: ['created_at', 'notification_id'],
    isUnderHold: true,
    which(database, target) {
      const { sql } = database;
      if (target.kind === 'messages') return isAmong(database, sql.ref('message_id'), target.messageIds);
      const isAbout = sql<SqlBool>`message_id IN (${messagesOf(database, target)})`;
      if (target.kind === 'conversation') return isAbout;
      const conversation = sql<string>`COALESCE((SELECT message.conversation_id FROM mq_messages AS message
        WHERE message.message_id = mq_notification_inbox.message_id), '')`;
      const isTo = sql<SqlBool>`recipient_id = ${target.subjectId} AND NOT ${isKept(database, conversation, target)}`;
      return sql<SqlBool>`(${isAbout} OR ${isTo})`;
    },
  },
];

/** The in-app notifications in SQL. */
export class SqlNotificationInbox extends NotificationInbox {
  readonly holds = 'notification inbox';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async add(entry: Omit<InboxEntry, 'readAt'>, signal: AbortSignal): Promise<'added' | 'exists'> {
    const added = await this.database.run('add to an inbox', signal, (db) =>
      db
        .insertInto('mq_notification_inbox')
        .values({
          ...{ notification_id: entry.notificationId, recipient_id: entry.recipientId },
          ...{ title: toText(entry.title), body: toText(entry.body), message_id: entry.messageId },
          ...{ created_at: entry.createdAt.getTime(), read_at: null },
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('notification_id')
        .execute(),
    );
    return added.length > 0 ? 'added' : 'exists';
  }

  async list(recipientId: string, page?: PageRequest, signal?: AbortSignal): Promise<Page<InboxEntry>> {
    const limit = pageLimit(page);
    const start = pageStart(page);
    const rows = await this.database.run('list an inbox', signal, (db) => {
      let query = db.selectFrom('mq_notification_inbox').selectAll().where('recipient_id', '=', recipientId);
      if (start !== null) {
        query = query.where((eb) =>
          eb(eb.refTuple('created_at', 'notification_id'), '<', eb.tuple(start.at, start.id)),
        );
      }
      return query
        .orderBy('created_at', 'desc')
        .orderBy('notification_id', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return toPage(rows, limit, (row) => ({ at: row.created_at, id: row.notification_id }), toInboxEntry);
  }

  async markRead(
    recipientId: string,
    notificationId: string,
    at: Date,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const found = await this.database.run('mark a notification as read', signal, (db) =>
      db
        .updateTable('mq_notification_inbox')
        .set((eb) => ({ read_at: eb.fn.coalesce('read_at', eb.val(at.getTime())) }))
        .where('notification_id', '=', notificationId)
        .where('recipient_id', '=', recipientId)
        .returning('notification_id')
        .execute(),
    );
    return found.length > 0;
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, ENTRIES, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, ENTRIES, target, limit, signal);
  }
}

function toInboxEntry(row: InboxRow): InboxEntry {
  return {
    notificationId: row.notification_id,
    recipientId: row.recipient_id,
    title: row.title,
    body: row.body,
    messageId: row.message_id,
    createdAt: toDate(row.created_at),
    readAt: toDateOrNull(row.read_at),
  };
}
