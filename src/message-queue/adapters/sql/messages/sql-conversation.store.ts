import { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { ConversationState } from '../../../ports/messages/conversation-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { lockLegalHolds } from '../traces/sql-legal-holds.js';
import { countTraces, eraseTraces, traceTable } from '../traces/sql-traces.js';
import { toDateOrNull } from '../database/sql-values.js';

const MARKS = [
  traceTable({ name: 'mq_conversations', key: ['conversation_id'], conversation: 'conversation_id' }),
];

/** Marks on conversations in SQL. */
export class SqlConversationStore extends ConversationStore {
  readonly holds = 'conversation marks';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async markDeleted(conversationId: string, at: Date, signal?: AbortSignal): Promise<void> {
    await this.database.run('mark a conversation as deleted', signal, (db) =>
      db
        .insertInto('mq_conversations')
        .values({ conversation_id: conversationId, deleted_at: at.getTime(), legal_hold: 0 })
        .onConflict((conflict) =>
          conflict.column('conversation_id').doUpdateSet((eb) => ({
            deleted_at: eb.fn.coalesce(eb.ref('mq_conversations.deleted_at'), eb.ref('excluded.deleted_at')),
          })),
        )
        .execute(),
    );
  }

  async setLegalHold(conversationId: string, held: boolean, signal?: AbortSignal): Promise<void> {
    await this.database.transaction('set a legal hold', signal, async (tx) => {
      await lockLegalHolds(this.database, tx);
      await tx
        .insertInto('mq_conversations')
        .values({ conversation_id: conversationId, deleted_at: null, legal_hold: Number(held) })
        .onConflict((conflict) =>
          conflict
            .column('conversation_id')
            .doUpdateSet((eb) => ({ legal_hold: eb.ref('excluded.legal_hold') })),
        )
        .execute();
      // What a clean-up has begun to remove stays, and is seen again.
      if (held) {
        await tx
          .updateTable('mq_messages')
          .set({ claimed: 0 })
          .where('conversation_id', '=', conversationId)
          .where('claimed', '=', 1)
          .execute();
      }
    });
  }

  async find(conversationId: string, signal?: AbortSignal): Promise<ConversationState | null> {
    const [row] = await this.database.run('find a conversation', signal, (db) =>
      db.selectFrom('mq_conversations').selectAll().where('conversation_id', '=', conversationId).execute(),
    );
    if (row === undefined) return null;
    return { conversationId, deletedAt: toDateOrNull(row.deleted_at), legalHold: row.legal_hold === 1 };
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, MARKS, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, MARKS, target, limit, signal);
  }
}
