import type { Expression, ExpressionBuilder, Selectable, SqlBool } from 'kysely';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import type { StoredAttachment } from '../../ports/attachments/attachment-store.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqlSchema } from './sql-schema.js';
import { toDateOrNull } from './sql-values.js';

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
        .where((eb) => isExpired(eb, before))
        .execute(),
    );
    return row?.attachments ?? 0;
  }

  async listExpired(before: Date, limit: number, signal: AbortSignal): Promise<readonly StoredAttachment[]> {
    const rows = await this.database.run('list expired attachments', signal, (db) =>
      db
        .selectFrom('mq_attachments')
        .selectAll()
        .where((eb) => isExpired(eb, before))
        .orderBy('expires_at')
        .orderBy('id')
        .limit(limit)
        .execute(),
    );
    return rows.map(toAttachment);
  }

  async expireOfMessages(messageIds: readonly string[], at: Date, signal: AbortSignal): Promise<void> {
    if (messageIds.length === 0) return;
    await this.database.run('let attachments expire', signal, (db) =>
      db
        .updateTable('mq_attachments')
        .set({ expires_at: at.getTime() })
        .where('message_id', 'in', messageIds)
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', at.getTime())]))
        .execute(),
    );
  }

  async removeMany(ids: readonly string[], signal: AbortSignal): Promise<number> {
    if (ids.length === 0) return 0;
    const removed = await this.database.run('remove attachments', signal, (db) =>
      db.deleteFrom('mq_attachments').where('id', 'in', ids).returning('id').execute(),
    );
    return removed.length;
  }
}

function isExpired(eb: ExpressionBuilder<SqlSchema, 'mq_attachments'>, before: Date): Expression<SqlBool> {
  const ofMessage = eb
    .selectFrom('mq_messages')
    .select('mq_messages.conversation_id')
    .whereRef('mq_messages.message_id', '=', 'mq_attachments.message_id');
  const heldByConversation = eb.exists(
    eb
      .selectFrom('mq_conversations as conversation')
      .select('conversation.conversation_id')
      .where('conversation.legal_hold', '=', 1)
      .where((inner) =>
        inner(
          'conversation.conversation_id',
          '=',
          inner.fn.coalesce(inner.ref('mq_attachments.conversation_id'), ofMessage),
        ),
      ),
  );
  return eb.and([
    eb('mq_attachments.expires_at', '<=', before.getTime()),
    eb('mq_attachments.legal_hold', '=', 0),
    eb.not(heldByConversation),
  ]);
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
