import type { Transaction } from 'kysely';
import { ConversationMembers } from '../../../ports/messages/conversation-members.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { countTraces, eraseTraces, traceTable } from '../traces/sql-traces.js';

/** First half of the advisory lock of a conversation's members, the second is its hash: "mqcm" in ASCII. */
const ADVISORY_LOCK = 0x6d71_636d;

const MEMBERS = [
  traceTable({
    name: 'mq_conversation_members',
    key: ['conversation_id', 'member_id'],
    conversation: 'conversation_id',
    subject: 'member_id',
  }),
];

/** Members of conversations in SQL. */
export class SqlConversationMembers extends ConversationMembers {
  readonly holds = 'conversation members';

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

  async hasOthers(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean | null> {
    const [row] = await this.database.run('find other members of a conversation', signal, (db) =>
      db
        .selectFrom('mq_conversation_members')
        .select((eb) => {
          const isOther = eb.case().when('member_id', '=', memberId).then(0).else(1).end();
          return eb.fn.max<number | null>(isOther).as('others');
        })
        .where('conversation_id', '=', conversationId)
        .execute(),
    );
    const others = row?.others ?? null;
    return others === null ? null : others === 1;
  }

  async listConversationsOf(
    memberId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<string>> {
    const limit = pageLimit(page);
    const start = pageStart(page);
    const rows = await this.database.run("list a member's conversations", signal, (db) =>
      db
        .selectFrom('mq_conversation_members')
        .select('conversation_id')
        .where('member_id', '=', memberId)
        .where('conversation_id', '>', start?.id ?? '')
        .orderBy('conversation_id')
        .limit(limit + 1)
        .execute(),
    );
    return toPage(
      rows,
      limit,
      (row) => ({ at: 0, id: row.conversation_id }),
      (row) => row.conversation_id,
    );
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, MEMBERS, target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return eraseTraces(this.database, MEMBERS, target, limit, signal);
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
