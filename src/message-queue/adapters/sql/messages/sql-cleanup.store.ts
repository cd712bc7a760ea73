import type { Expression, ExpressionBuilder, ExpressionWrapper, SqlBool, Transaction } from 'kysely';
import { CleanupStore } from '../../../ports/messages/cleanup-store.js';
import type { AgedMessages, CleanupSelection } from '../../../ports/messages/cleanup-store.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { isHeld, lockLegalHolds } from '../traces/sql-legal-holds.js';
import { removeOldRecalls } from './sql-recall-notices.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isAmong } from '../traces/sql-traces.js';
import { toDate } from '../database/sql-values.js';
import type { Deletion } from '../../../ports/privacy/trace-holder.js';

/** Removal of messages in steps in SQL. */
export class SqlCleanupStore extends CleanupStore {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async count(selection: CleanupSelection, signal: AbortSignal): Promise<number> {
    const [row] = await this.database.run('count messages to clean up', signal, (db) =>
      db
        .selectFrom('mq_messages')
        .select(({ fn }) => fn.countAll<number>().as('messages'))
        .where((eb) => {
          const selected = isSelected(this.database, eb, selection);
          return isByAge(selection) ? eb.or([eb('claimed', '=', 1), selected]) : selected;
        })
        .execute(),
    );
    return row?.messages ?? 0;
  }

  async claim(selection: CleanupSelection, limit: number, signal: AbortSignal): Promise<readonly string[]> {
    return this.database.transaction('claim messages to clean up', signal, async (tx) => {
      await lockLegalHolds(this.database, tx);
      const unfinished = await tx
        .selectFrom('mq_messages')
        .select('message_id')
        // Not as a parameter: SQLite would not see that the index of claimed messages has them all.
        .where((eb) => {
          const claimed = eb('claimed', '=', eb.lit(1));
          return isByAge(selection) ? claimed : eb.and([claimed, isInKind(this.database, eb, selection)]);
        })
        .orderBy(receivedAt)
        .orderBy('message_id')
        .limit(limit)
        .execute();
      const ids = unfinished.map((row) => row.message_id);
      return [...ids, ...(await this.claimNext(tx, selection, limit - ids.length))];
    });
  }

  async removeClaimed(messageIds: readonly string[], signal: AbortSignal): Promise<number> {
    if (messageIds.length === 0) return 0;
    const ids = [...new Set(messageIds)].sort();
    return this.database.transaction('remove messages', signal, async (tx) => {
      // A legal hold that comes later must still find the attachments' conversation.
      await tx
        .updateTable('mq_attachments')
        .set((eb) => ({
          conversation_id: eb
            .selectFrom('mq_messages')
            .select('mq_messages.conversation_id')
            .whereRef('mq_messages.message_id', '=', 'mq_attachments.message_id'),
        }))
        .where('message_id', 'in', ids)
        .where('conversation_id', 'is', null)
        .execute();
      const removed = await tx
        .deleteFrom('mq_messages')
        .where('message_id', 'in', ids)
        .where('claimed', '=', 1)
        .returning('message_id')
        .execute();
      return removed.length;
    });
  }

  async listDeletions(
    before: Date,
    limit: number,
    after: Deletion | null,
    signal: AbortSignal,
  ): Promise<readonly Deletion[]> {
    const rows = await this.database.run('list deleted conversations', signal, (db) => {
      let query = db
        .selectFrom('mq_conversations')
        .select(['conversation_id', 'deleted_at'])
        .where('deleted_at', '<', before.getTime())
        .where('legal_hold', '=', 0);
      if (after !== null) {
        const last = [after.deletedAt.getTime(), after.conversationId] as const;
        query = query.where((eb) => eb(eb.refTuple('deleted_at', 'conversation_id'), '>', eb.tuple(...last)));
      }
      return query.orderBy('deleted_at').orderBy('conversation_id').limit(limit).execute();
    });
    return rows.map(({ conversation_id: conversationId, deleted_at: at }) => ({
      conversationId,
      deletedAt: toDate(at ?? 0),
    }));
  }

  async removeEmptyConversations(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    const removed = await this.database.run('remove empty conversations', signal, (db) =>
      db
        .deleteFrom('mq_conversations')
        .where('conversation_id', 'in', (eb) =>
          eb
            .selectFrom('mq_conversations as empty')
            .select('empty.conversation_id')
            .where('empty.deleted_at', '<', before.getTime())
            .where('empty.legal_hold', '=', 0)
            .where((inner) =>
              inner.not(
                inner.exists(
                  inner
                    .selectFrom('mq_messages')
                    .select('mq_messages.message_id')
                    .whereRef('mq_messages.conversation_id', '=', 'empty.conversation_id')
                    .where((eb) => eb(receivedAt(eb), '<=', eb.ref('empty.deleted_at'))),
                ),
              ),
            )
            .orderBy('empty.deleted_at')
            .limit(limit),
        )
        .where('legal_hold', '=', 0)
        .returning('conversation_id')
        .execute(),
    );
    return removed.length;
  }

  async removeOldRecalls(before: Date, limit: number, signal: AbortSignal): Promise<number> {
    return removeOldRecalls(this.database, before, limit, signal);
  }

  private async claimNext(
    tx: Transaction<SqlSchema>,
    selection: CleanupSelection,
    limit: number,
  ): Promise<string[]> {
    if (limit < 1) return [];
    const next = tx
      .selectFrom('mq_messages')
      .select('message_id')
      .where('claimed', '=', 0)
      .where((eb) => isSelected(this.database, eb, selection))
      .orderBy(receivedAt)
      .orderBy('message_id')
      .limit(limit);
    const claimed = await tx
      .updateTable('mq_messages')
      .set({ claimed: 1 })
      .where('message_id', 'in', next)
      .returning((eb) => ['message_id', receivedAt(eb).as('received')])
      .execute();
    // An update returns its rows in any order.
    return claimed
      .sort((a, b) => a.received - b.received || (a.message_id < b.message_id ? -1 : 1))
      .map((row) => row.message_id);
  }
}

/** When the server received a message, as the index of ages has it: what its sender claims makes it neither old nor young. */
function receivedAt<DB extends Pick<SqlSchema, 'mq_messages'>>(
  eb: ExpressionBuilder<DB, 'mq_messages'>,
): ExpressionWrapper<DB, 'mq_messages', number> {
  return (eb as unknown as ExpressionBuilder<SqlSchema, 'mq_messages'>).fn.coalesce(
    'mq_messages.received_at',
    'mq_messages.created_at',
  );
}

/** Whether a clean-up is about a message, and no legal hold keeps it. */
function isSelected(
  database: SqlDatabase,
  eb: ExpressionBuilder<SqlSchema, 'mq_messages'>,
  selection: CleanupSelection,
): Expression<SqlBool> {
  const held = isHeld(database, eb.ref('mq_messages.conversation_id'));
  return eb.and([isInKind(database, eb, selection), eb.not(held)]);
}

function isInKind(
  database: SqlDatabase,
  eb: ExpressionBuilder<SqlSchema, 'mq_messages'>,
  selection: CleanupSelection,
): Expression<SqlBool> {
  switch (selection.kind) {
    case 'old_messages':
      return eb(receivedAt(eb), '<', selection.before.getTime());
    case 'deleted_conversations':
      return eb.exists(
        eb
          .selectFrom('mq_conversations')
          .select('mq_conversations.conversation_id')
          .whereRef('mq_conversations.conversation_id', '=', 'mq_messages.conversation_id')
          .where((inner) => inner('mq_conversations.deleted_at', '>=', receivedAt(inner)))
          .where('deleted_at', '<', selection.before.getTime()),
      );
    case 'conversation':
      return eb('mq_messages.conversation_id', '=', selection.conversationId);
    case 'sender':
      return eb.and([
        eb('mq_messages.sender_id', '=', selection.senderId),
        eb.not(isAmong(database, eb.ref('mq_messages.conversation_id'), selection.exceptConversations)),
      ]);
    case 'message':
      return eb('mq_messages.message_id', '=', selection.messageId);
  }
}

/** What any run left half done is counted with a clean-up by age, and ended by it; an erasure has its own only, claimed or not. */
function isByAge(selection: CleanupSelection): selection is AgedMessages {
  return 'before' in selection;
}
