import type { Selectable } from 'kysely';
import { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { ConversationState } from '../../../ports/messages/conversation-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { lockLegalHolds } from '../traces/sql-legal-holds.js';
import { countTraces, eraseTraces, isAmong, traceTable } from '../traces/sql-traces.js';
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
            deleted_at: eb
              .case()
              .when('mq_conversations.deleted_at', '>', eb.ref('excluded.deleted_at'))
              .then(eb.ref('mq_conversations.deleted_at'))
              .else(eb.ref('excluded.deleted_at'))
              .end(),
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
    return row === undefined ? null : toState(row);
  }

  async findMany(
    conversationIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly ConversationState[]> {
    if (conversationIds.length === 0) return [];
    const rows = await this.database.run('find conversations', signal, (db) =>
      db
        .selectFrom('mq_conversations')
        .selectAll()
        .where((eb) => isAmong(this.database, eb.ref('conversation_id'), conversationIds))
        .execute(),
    );
    return rows.map(toState);
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, MARKS, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, MARKS, target, limit, signal);
  }
}

function toState(row: Selectable<SqlSchema['mq_conversations']>): ConversationState {
  return {
    conversationId: row.conversation_id,
    deletedAt: toDateOrNull(row.deleted_at),
    legalHold: row.legal_hold === 1,
  };
}
