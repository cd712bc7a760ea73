import type { Expression, ExpressionBuilder, RawBuilder, Selectable, SqlBool } from 'kysely';
import {
  AttachmentIdTakenError,
  AttachmentStore,
  FileBeingRemovedError,
} from '../../../ports/attachments/attachment-store.js';
import type { RemovalClaim, StoredAttachment } from '../../../ports/attachments/attachment-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isDeletedWith, isOfDeletion } from '../traces/sql-deletions.js';
import { lockLegalHolds, shareLegalHolds } from '../traces/sql-legal-holds.js';
import { isAmong, isKept, messagesOf } from '../traces/sql-traces.js';
import { toDateOrNull } from '../database/sql-values.js';

/** Rows of attachments in SQL. */
export class SqlAttachmentStore extends AttachmentStore {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async save(attachment: StoredAttachment, signal?: AbortSignal): Promise<'saved' | 'exists'> {
    const { id, messageId: message_id, fileKey: file_key } = attachment;
    const found = await this.database.transaction('save an attachment', signal, async (tx) => {
      // Saves run beside each other, and no clean-up decides of files meanwhile.
      await shareLegalHolds(this.database, tx);
      const added = await tx
        .insertInto('mq_attachments')
        .values({
          ...{ id, message_id, conversation_id: null, file_key, legal_hold: Number(attachment.legalHold) },
          expires_at: attachment.expiresAt?.getTime() ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .execute();
      const rows = await tx
        .selectFrom('mq_attachments')
        .selectAll()
        .where((eb) =>
          eb.or([eb('id', '=', id), eb.and([eb('file_key', '=', file_key), eb('removing', '=', 1)])]),
        )
        .execute();
      if (rows.some((row) => row.file_key === file_key && row.removing === 1)) {
        if (added.length > 0) await tx.deleteFrom('mq_attachments').where('id', '=', id).execute();
        return 'being removed';
      }
      if (added.length > 0) return 'saved';
      const stored = rows.find((row) => row.id === id);
      return stored?.message_id === message_id && stored.file_key === file_key ? 'exists' : 'taken';
    });
    if (found === 'being removed') throw new FileBeingRemovedError();
    if (found === 'taken') throw new AttachmentIdTakenError();
    return found;
  }

  async find(id: string, signal?: AbortSignal): Promise<StoredAttachment | null> {
    const { sql } = this.database;
    const ofMessage = (column: 'conversation_id' | 'created_at') =>
      sql`(SELECT ${sql.ref(`own.${column}`)} FROM mq_messages AS own WHERE own.message_id = mq_attachments.message_id)`;
    const place = sql<
      string | null
    >`COALESCE(mq_attachments.conversation_id, ${ofMessage('conversation_id')})`;
    // One whose message has gone stayed behind: it was as old.
    const isDeleted = isDeletedWith(this.database, place, sql`COALESCE(${ofMessage('created_at')}, 0)`);
    const [row] = await this.database.run('find an attachment', signal, (db) =>
      db
        .selectFrom('mq_attachments')
        .selectAll()
        .where('id', '=', id)
        .where(sql<SqlBool>`NOT ${isDeleted}`)
        .execute(),
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

  async claimRemoval(ids: readonly string[], signal: AbortSignal): Promise<RemovalClaim> {
    if (ids.length === 0) return { removed: 0, claimed: [] };
    const { database } = this;
    return database.transaction('claim attachments to remove', signal, async (tx) => {
      await lockLegalHolds(database, tx);
      const going = await tx
        .selectFrom('mq_attachments')
        .selectAll()
        .where((eb) => eb.and([isAmong(database, eb.ref('id'), ids), this.isFree(eb)]))
        .orderBy('id')
        .execute();
      const goingIds = going.map(({ id }) => id);
      const keys = [...new Set(going.map((row) => row.file_key))];
      const others = await tx
        .selectFrom('mq_attachments')
        .select('file_key')
        .distinct()
        .where((eb) => isAmong(database, eb.ref('file_key'), keys))
        .where((eb) => eb.not(isAmong(database, eb.ref('id'), goingIds)))
        .execute();
      const needed = new Set(others.map((row) => row.file_key));
      const claimed = going.filter((row) => !needed.has(row.file_key));
      const shared = going.filter((row) => needed.has(row.file_key)).map(({ id }) => id);
      const claimedIds = claimed.map(({ id }) => id);
      await tx
        .updateTable('mq_attachments')
        .set({ removing: 1 })
        .where((eb) => isAmong(database, eb.ref('id'), claimedIds))
        .execute();
      await tx
        .deleteFrom('mq_attachments')
        .where((eb) => isAmong(database, eb.ref('id'), shared))
        .execute();
      return { removed: shared.length, claimed: claimed.map(toAttachment) };
    });
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
    case 'deletions': {
      // The message of one that stayed behind has gone: it was as old.
      const isLeft = isOfDeletion(
        database,
        sql.ref('mq_attachments.conversation_id'),
        sql.lit(0),
        target.deletions,
      );
      return sql`(${isLeft} OR mq_attachments.message_id IN (${messagesOf(database, target)}))`;
    }
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
