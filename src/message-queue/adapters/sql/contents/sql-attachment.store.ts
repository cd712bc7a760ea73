import type { Expression, ExpressionBuilder, RawBuilder, Selectable, SqlBool } from 'kysely';
import { AttachmentStore } from '../../../ports/attachments/attachment-store.js';
import type { StoredAttachment } from '../../../ports/attachments/attachment-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isAmong, isKept } from '../traces/sql-traces.js';
import { toDateOrNull } from '../database/sql-values.js';

/** Rows of attachments in SQL. */
export class SqlAttachmentStore extends AttachmentStore {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async save(attachment: StoredAttachment, signal?: AbortSignal): Promise<'saved' | 'exists'> {
    const added = await this.database.run('save an attachment', signal, (db) =>
      db
        .insertInto('mq_attachments')
        .values({
          ...{ id: attachment.id, message_id: attachment.messageId, conversation_id: null },
          ...{ file_key: attachment.fileKey, legal_hold: Number(attachment.legalHold) },
          expires_at: attachment.expiresAt?.getTime() ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .execute(),
    );
    return added.length > 0 ? 'saved' : 'exists';
  }

  async find(id: string, signal?: AbortSignal): Promise<StoredAttachment | null> {
    const [row] = await this.database.run('find an attachment', signal, (db) =>
      db.selectFrom('mq_attachments').selectAll().where('id', '=', id).execute(),
    );
    return row === undefined ? null : toAttachment(row);
  }

  async countExpired(before: Date, signal: AbortSignal): Promise<number> {
    const [row] = await this.database.run('count expired attachments', signal, (db) =>
      db
        .selectFrom('mq_attachments')
        .select(({ fn }) => fn.countAll<number>().as('attachments'))
        .where((eb) => this.isExpired(eb, before))
        .execute(),
    );
    return row?.attachments ?? 0;
  }

  async listExpired(before: Date, limit: number, signal: AbortSignal): Promise<readonly StoredAttachment[]> {
    const rows = await this.database.run('list expired attachments', signal, (db) =>
      db
        .selectFrom('mq_attachments')
        .selectAll()
        .where((eb) => this.isExpired(eb, before))
        .orderBy('expires_at')
        .orderBy('id')
        .limit(limit)
        .execute(),
    );
    return rows.map(toAttachment);
  }

  async countOf(target: TraceTarget, signal: AbortSignal): Promise<number> {
    const [row] = await this.database.run('count attachments', signal, (db) =>
      db
        .selectFrom('mq_attachments')
        .select(({ fn }) => fn.countAll<number>().as('attachments'))
        .where((eb) => eb.and([isOf(this.database, target), this.isFree(eb, target)]))
        .execute(),
    );
    return row?.attachments ?? 0;
  }

  async listOf(
    target: TraceTarget,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly StoredAttachment[]> {
    const rows = await this.database.run('list attachments', signal, (db) =>
      db
        .selectFrom('mq_attachments')
        .selectAll()
        .where((eb) => eb.and([isOf(this.database, target), this.isFree(eb, target)]))
        .orderBy('id')
        .limit(limit)
        .execute(),
    );
    return rows.map(toAttachment);
  }

  async filesStillNeeded(
    fileKeys: readonly string[],
    exceptIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const { database } = this;
    const rows = await database.run('find files that are needed', signal, (db) =>
      db
        .selectFrom('mq_attachments')
        .select('file_key')
        .distinct()
        .where((eb) =>
          eb.and([
            isAmong(database, eb.ref('file_key'), fileKeys),
            eb.not(isAmong(database, eb.ref('id'), exceptIds)),
          ]),
        )
        .execute(),
    );
    return new Set(rows.map((row) => row.file_key));
  }

  async removeMany(ids: readonly string[], signal: AbortSignal): Promise<number> {
    if (ids.length === 0) return 0;
    const removed = await this.database.run('remove attachments', signal, (db) =>
      db.deleteFrom('mq_attachments').where('id', 'in', ids).returning('id').execute(),
    );
    return removed.length;
  }

  private isExpired(eb: ExpressionBuilder<SqlSchema, 'mq_attachments'>, before: Date): Expression<SqlBool> {
    // What its own legal hold kept when its message was removed goes once that hold ends: nothing else leads to it.
    const isLeftBehind = eb('mq_attachments.conversation_id', 'is not', null);
    const isOver = eb.or([eb('mq_attachments.expires_at', '<=', before.getTime()), isLeftBehind]);
    return eb.and([isOver, this.isFree(eb)]);
  }

  /** Whether no legal hold keeps it: neither its own nor its conversation's. */
  private isFree(
    eb: ExpressionBuilder<SqlSchema, 'mq_attachments'>,
    target?: TraceTarget,
  ): Expression<SqlBool> {
    const ofMessage = eb
      .selectFrom('mq_messages')
      .select('mq_messages.conversation_id')
      .whereRef('mq_messages.message_id', '=', 'mq_attachments.message_id');
    const conversation = eb.fn.coalesce(eb.ref('mq_attachments.conversation_id'), ofMessage);
    return eb.and([
      eb('mq_attachments.legal_hold', '=', 0),
      eb.not(isKept(this.database, conversation, target)),
    ]);
  }
}

/** Whether an attachment belongs to a target: by itself, or through its message. */
function isOf(database: SqlDatabase, target: TraceTarget): RawBuilder<SqlBool> {
  const { sql } = database;
  switch (target.kind) {
    case 'messages':
      return isAmong(database, sql.ref('mq_attachments.message_id'), target.messageIds);
    case 'conversation':
      return sql`mq_attachments.id IN (
        SELECT own.id FROM mq_attachments AS own WHERE own.conversation_id = ${target.conversationId}
        UNION ALL
        SELECT own.id FROM mq_messages AS message JOIN mq_attachments AS own ON own.message_id = message.message_id
          WHERE message.conversation_id = ${target.conversationId})`;
    case 'subject':
      return sql`mq_attachments.message_id IN (
        SELECT message.message_id FROM mq_messages AS message WHERE message.sender_id = ${target.subjectId})`;
  }
}

function toAttachment(row: Selectable<SqlSchema['mq_attachments']>): StoredAttachment {
  return {
    id: row.id,
    messageId: row.message_id,
    fileKey: row.file_key,
    expiresAt: toDateOrNull(row.expires_at),
    legalHold: row.legal_hold === 1,
  };
}
