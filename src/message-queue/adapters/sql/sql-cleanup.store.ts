import type { Expression, ExpressionBuilder, SqlBool, Transaction } from 'kysely';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import type { CleanupSelection } from '../../ports/messages/cleanup-store.js';
import type { SqlDatabase } from './sql-database.js';
import { lockLegalHolds } from './sql-legal-hold.lock.js';
import type { SqlSchema } from './sql-schema.js';

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
        .where((eb) => eb.or([eb('claimed', '=', 1), isSelected(eb, selection)]))
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
        .where('claimed', '=', 1)
        .orderBy('created_at')
        .orderBy('message_id')
        .limit(limit)
        .execute();
      const ids = unfinished.map((row) => row.message_id);
      return [...ids, ...(await claimNext(tx, selection, limit - ids.length))];
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
                    .whereRef('mq_messages.conversation_id', '=', 'empty.conversation_id'),
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
}

async function claimNext(
  tx: Transaction<SqlSchema>,
  selection: CleanupSelection,
  limit: number,
): Promise<string[]> {
  if (limit < 1) return [];
  const next = tx
    .selectFrom('mq_messages')
    .select('message_id')
    .where('claimed', '=', 0)
    .where((eb) => isSelected(eb, selection))
    .orderBy('created_at')
    .orderBy('message_id')
    .limit(limit);
  const claimed = await tx
    .updateTable('mq_messages')
    .set({ claimed: 1 })
    .where('message_id', 'in', next)
    .returning(['message_id', 'created_at'])
    .execute();
  // An update returns its rows in any order.
  return claimed
    .sort((a, b) => a.created_at - b.created_at || (a.message_id < b.message_id ? -1 : 1))
    .map((row) => row.message_id);
}

function isSelected(
  eb: ExpressionBuilder<SqlSchema, 'mq_messages'>,
  selection: CleanupSelection,
): Expression<SqlBool> {
  const before = selection.before.getTime();
  const mark = eb
    .selectFrom('mq_conversations')
    .select('mq_conversations.conversation_id')
    .whereRef('mq_conversations.conversation_id', '=', 'mq_messages.conversation_id');
  const isHeld = eb.exists(mark.where('legal_hold', '=', 1));
  const isInKind =
    selection.kind === 'old_messages'
      ? eb('mq_messages.created_at', '<', before)
      : eb.exists(mark.where('deleted_at', '<', before));
  return eb.and([isInKind, eb.not(isHeld)]);
}
