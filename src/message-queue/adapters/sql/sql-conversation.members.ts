import type { Transaction } from 'kysely';
import { ConversationMembers } from '../../ports/messages/conversation-members.js';
import type { SqlDatabase } from './sql-database.js';
import type { SqlSchema } from './sql-schema.js';

/** First half of the advisory lock of a conversation's members, the second is its hash: "mqcm" in ASCII. */
const ADVISORY_LOCK = 0x6d71_636d;

/** Members of conversations in SQL. */
export class SqlConversationMembers extends ConversationMembers {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async found(
    conversationId: string,
    memberIds: readonly [string, ...string[]],
    signal?: AbortSignal,
  ): Promise<boolean> {
    return this.database.transaction('found a conversation', signal, async (tx) => {
      await this.lock(conversationId, tx);
      const members = await tx
        .selectFrom('mq_conversation_members')
        .select('member_id')
        .where('conversation_id', '=', conversationId)
        .limit(1)
        .execute();
      if (members.length > 0) return false;
      await insert(conversationId, memberIds, tx);
      return true;
    });
  }

  async add(conversationId: string, memberIds: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.database.transaction('add members of a conversation', signal, async (tx) => {
      await this.lock(conversationId, tx);
      if (memberIds.length > 0) await insert(conversationId, memberIds, tx);
    });
  }

  async remove(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean> {
    const [result] = await this.database.run('remove a member of a conversation', signal, (db) =>
      db
        .deleteFrom('mq_conversation_members')
        .where('conversation_id', '=', conversationId)
        .where('member_id', '=', memberId)
        .execute(),
    );
    return (result?.numDeletedRows ?? 0n) > 0n;
  }

  async isMember(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean> {
    const rows = await this.database.run('find a member of a conversation', signal, (db) =>
      db
        .selectFrom('mq_conversation_members')
        .select('member_id')
        .where('conversation_id', '=', conversationId)
        .where('member_id', '=', memberId)
        .execute(),
    );
    return rows.length > 0;
  }

  /** Two who found the same conversation at once would not see each other. SQLite's transactions run one by one anyway. */
  private async lock(conversationId: string, tx: Transaction<SqlSchema>): Promise<void> {
    if (this.database.dialect === 'sqlite') return;
    const { sql } = this.database;
    await sql`SELECT pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)}, hashtext(${conversationId}))`.execute(
      tx,
    );
  }
}

async function insert(
  conversationId: string,
  memberIds: readonly string[],
  tx: Transaction<SqlSchema>,
): Promise<void> {
  const rows = [...new Set(memberIds)].map((memberId) => ({
    conversation_id: conversationId,
    member_id: memberId,
  }));
  await tx
    .insertInto('mq_conversation_members')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
