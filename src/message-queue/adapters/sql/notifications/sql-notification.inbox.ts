import type { RawBuilder, Selectable, SqlBool } from 'kysely';
import { NotificationInbox } from '../../../ports/notifications/notification-inbox.js';
import type { InboxEntry } from '../../../ports/notifications/notification-inbox.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isGone } from '../traces/sql-deletions.js';
import { countOld, removeOld } from '../traces/sql-old-rows.js';
import { countTraces, eraseTraces } from '../traces/sql-traces.js';
import { notificationTraces } from './sql-notification-traces.js';
import { toDate, toDateOrNull, toText } from '../database/sql-values.js';

type InboxRow = Selectable<SqlSchema['mq_notification_inbox']>;

const NAME = 'mq_notification_inbox';
const KEY = ['notification_id'];

const ENTRIES = [
  notificationTraces({
    ...{ name: NAME, key: KEY, writtenAt: 'created_at' },
    order: ['created_at', 'notification_id'],
  }),
];
const AGING = { name: NAME, key: KEY, at: 'created_at', isInConversations: true } as const;

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
          ...{ created_at: entry.createdAt.getTime(), read_at: null, conversation_id: entry.conversationId },
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
      let query = db
        .selectFrom('mq_notification_inbox')
        .selectAll()
        .where('recipient_id', '=', recipientId)
        .where(this.isSeen());
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
        .set((eb) => {
          const readAt = eb
            .case()
            .when('created_at', '>', at.getTime())
            .then(eb.ref('created_at'))
            .else(eb.val(at.getTime()))
            .end();
          return { read_at: eb.fn.coalesce('read_at', readAt) };
        })
        .where('notification_id', '=', notificationId)
        .where('recipient_id', '=', recipientId)
        .where(this.isSeen())
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

  async countOld(before: Date, signal: AbortSignal): Promise<number> {
    return countOld(this.database, AGING, before, signal);
  }

  async removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return removeOld(this.database, AGING, before, limit, signal);
  }

  private isSeen(): RawBuilder<SqlBool> {
    const { sql } = this.database;
    const gone = isGone(this.database, {
      message: sql.ref(`${NAME}.message_id`),
      conversation: sql.ref(`${NAME}.conversation_id`),
      writtenAt: sql.ref(`${NAME}.created_at`),
    });
    return sql<SqlBool>`NOT ${gone}`;
  }
}

function toInboxEntry(row: InboxRow): InboxEntry {
  return {
    notificationId: row.notification_id,
    recipientId: row.recipient_id,
    title: row.title,
    body: row.body,
    messageId: row.message_id,
    conversationId: row.conversation_id,
    createdAt: toDate(row.created_at),
    readAt: toDateOrNull(row.read_at),
  };
}
