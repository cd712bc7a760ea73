import type { SqlBool } from 'kysely';
import { isDeletedWith } from '../traces/sql-deletions.js';
import type { RecallNotice } from '../../../ports/messages/message-store.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import { traceTable } from '../traces/sql-traces.js';
import { toDate } from '../database/sql-values.js';

/** Rows of one insert: PostgreSQL and SQLite take at most 32 766 parameters. */
const ROWS_AT_ONCE = 1_000;

/** Of messages there are none: a notice outlives its message. */
export const RECALL_NOTICES = traceTable({
  name: 'mq_recall_notices',
  key: ['message_id', 'recipient_id'],
  conversation: 'conversation_id',
  subject: 'recipient_id',
  writtenAt: 'recalled_at',
});

/** Keeps notices; one that is there stays as it is. */
export async function noteRecalled(
  database: SqlDatabase,
  notices: readonly RecallNotice[],
  signal: AbortSignal,
): Promise<void> {
  const rows = notices.map(({ messageId, recipientId, conversationId, recalledAt }) => ({
    ...{ message_id: messageId, recipient_id: recipientId, conversation_id: conversationId },
    recalled_at: recalledAt.getTime(),
  }));
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    await database.run('note a recall', signal, (db) =>
      db
        .insertInto('mq_recall_notices')
        .values(rows.slice(start, start + ROWS_AT_ONCE))
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }
}

/** A person's notices, the oldest first. @throws InvalidCursorError */
export async function listRecalled(
  database: SqlDatabase,
  recipientId: string,
  page: PageRequest | undefined,
  signal: AbortSignal | undefined,
): Promise<Page<RecallNotice>> {
  const limit = pageLimit(page);
  const start = pageStart(page);
  const rows = await database.run('list recalls', signal, (db) => {
    const { sql } = database;
    const conversation = sql.ref<string>('mq_recall_notices.conversation_id');
    const isDeleted = isDeletedWith(database, conversation, sql.ref('mq_recall_notices.recalled_at'));
    let query = db
      .selectFrom('mq_recall_notices')
      .selectAll()
      .where('recipient_id', '=', recipientId)
      .where(sql<SqlBool>`NOT ${isDeleted}`);
    if (start !== null) {
      query = query.where((eb) =>
        eb(eb.refTuple('recalled_at', 'message_id'), '>', eb.tuple(start.at, start.id)),
      );
    }
    return query
      .orderBy('recalled_at')
      .orderBy('message_id')
      .limit(limit + 1)
      .execute();
  });
  return toPage(
    rows,
    limit,
    (row) => ({ at: row.recalled_at, id: row.message_id }),
    (row) => ({
      messageId: row.message_id,
      conversationId: row.conversation_id,
      recipientId,
      recalledAt: toDate(row.recalled_at),
    }),
  );
}

/** Removes a notice. */
export async function confirmRecalled(
  database: SqlDatabase,
  messageId: string,
  recipientId: string,
  signal: AbortSignal,
): Promise<void> {
  await database.run('confirm a recall', signal, (db) =>
    db
      .deleteFrom('mq_recall_notices')
      .where('message_id', '=', messageId)
      .where('recipient_id', '=', recipientId)
      .execute(),
  );
}

/** Removes notices that are older. @returns how many */
export async function removeOldRecalls(
  database: SqlDatabase,
  before: Date,
  limit: number,
  signal: AbortSignal,
): Promise<number> {
  const { sql } = database;
  const { numAffectedRows } = await database.run('remove old recalls', signal, (db) =>
    sql`DELETE FROM mq_recall_notices WHERE (message_id, recipient_id) IN (
      SELECT message_id, recipient_id FROM mq_recall_notices WHERE recalled_at < ${before.getTime()}
      ORDER BY recalled_at LIMIT ${limit})`.execute(db),
  );
  return Number(numAffectedRows ?? 0n);
}
