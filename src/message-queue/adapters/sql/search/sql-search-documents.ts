import type { Kysely, Transaction } from 'kysely';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SqlDatabase } from '../database/sql-database.js';
import type { SqlSchema } from '../schema/sql-schema.js';
import { isAmong, pageOfTraces, traceTable } from '../traces/sql-traces.js';
import type { TraceTable } from '../traces/sql-traces.js';

/** Rows per statement: far below both databases' limit of parameters. */
const ROWS_PER_STATEMENT = 500;

const ROWS = traceTable({
  ...{ name: 'mq_search_documents', key: ['message_id'], order: ['created_at', 'message_id'] },
  ...{
    messages: 'message_id',
    conversation: 'conversation_id',
    subject: 'sender_id',
    writtenAt: 'created_at',
  },
});
/** Indexed documents; a tombstone is no trace. */
export const SEARCH_DOCUMENTS: TraceTable = {
  ...ROWS,
  which(database, target) {
    const which = ROWS.which(database, target);
    return which === null ? null : database.sql`${which} AND removed = 0`;
  },
};

/**
 * Puts tombstones in the place of the next documents of a target, and one for each of its messages that was never seen.
 * @returns how many documents there were
 */
export async function eraseDocuments(
  database: SqlDatabase,
  target: TraceTarget,
  limit: number,
  signal: AbortSignal,
): Promise<number> {
  return database.transaction('erase from the index', signal, async (tx) => {
    const page = await pageOfTraces(database, tx, SEARCH_DOCUMENTS, target, limit);
    const found = page === null ? [] : (await page.execute(tx)).rows.map((row) => row['message_id'] ?? '');
    const unseen = target.kind === 'messages' ? await unseenOf(database, tx, target.messageIds) : [];
    const at = new Date();
    for (const some of statementsOf([...found, ...unseen].sort())) await bury(tx, some, at);
    return found.length;
  });
}

/** Leaves a tombstone for each of these ids, whether it was indexed or not. */
export async function bury(
  db: Pick<Kysely<SqlSchema>, 'insertInto'>,
  messageIds: readonly string[],
  at: Date,
): Promise<void> {
  const removed_at = at.getTime();
  const empty = { conversation_id: '', sender_id: '', content: '', terms: '', removed: 1, removed_at };
  await db
    .insertInto('mq_search_documents')
    .values(
      messageIds.map((message_id) => ({
        message_id,
        ...empty,
        created_at: removed_at,
        version: removed_at,
      })),
    )
    .onConflict((conflict) =>
      conflict.column('message_id').doUpdateSet(empty).where('mq_search_documents.removed', '=', 0),
    )
    .execute();
}

/** Rows in portions of one statement each. */
export function statementsOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += ROWS_PER_STATEMENT)
    chunks.push(items.slice(at, at + ROWS_PER_STATEMENT));
  return chunks;
}

/** Ids that the index has neither a document nor a tombstone of. */
async function unseenOf(
  database: SqlDatabase,
  tx: Transaction<SqlSchema>,
  messageIds: readonly string[],
): Promise<string[]> {
  const rows = await tx
    .selectFrom('mq_search_documents')
    .select('message_id')
    .where((eb) => isAmong(database, eb.ref('message_id'), messageIds))
    .execute();
  const seen = new Set(rows.map((row) => row.message_id));
  return [...new Set(messageIds)].filter((id) => !seen.has(id));
}
