import type { RawBuilder, SqlBool } from 'kysely';
import { FOLDING_MARK } from '../../shared/search/folding-mark.js';
import { documentTerms, isRecipientTerm } from '../../shared/search/search-terms.js';
import type { SqlDatabase } from '../database/sql-database.js';

/**
 * The mark of the folding is the end of a row's terms, not a column beside them: a release that does not know of it takes it away with what it
 * writes. Of the same length in all, so that an index orders rows by it.
 */
function mark({ sql, dialect }: SqlDatabase): RawBuilder<string> {
  return dialect === 'postgres' ? sql`right(terms, 4) COLLATE "C"` : sql`substr(terms, -4)`;
}

function isOutdated(database: SqlDatabase): RawBuilder<SqlBool> {
  return database.sql<SqlBool>`removed = 0 AND ${mark(database)} < ${FOLDING_MARK}`;
}

/** How many documents were folded by an older version. */
export async function countOutdated(database: SqlDatabase, signal: AbortSignal): Promise<number> {
  const { sql } = database;
  const { rows } = await database.run('count outdated documents', signal, (db) =>
    sql<{ documents: number }>`
      SELECT COUNT(*) AS documents FROM mq_search_documents WHERE ${isOutdated(database)}`.execute(db),
  );
  return rows[0]?.documents ?? 0;
}

/** Folds the next of them again. Their rows are locked before they are read, so that nobody's write is lost. @returns how many */
export async function refold(database: SqlDatabase, limit: number, signal: AbortSignal): Promise<number> {
  const { sql, dialect } = database;
  return database.transaction('fold documents again', signal, async (tx) => {
    const { rows } = await sql<{
      message_id: string;
      conversation_id: string;
      content: string;
      terms: string;
    }>`SELECT message_id, conversation_id, content, terms FROM mq_search_documents WHERE ${isOutdated(database)}
      ORDER BY ${mark(database)}, message_id LIMIT ${limit} ${sql.raw(dialect === 'postgres' ? 'FOR UPDATE' : '')}`.execute(
      tx,
    );
    for (const { message_id, conversation_id, content, terms: old } of rows) {
      const recipients = old.split(' ').filter(isRecipientTerm);
      const terms = documentTerms(content, conversation_id, recipients).join(' ');
      await tx
        .updateTable('mq_search_documents')
        .set({ terms })
        .where('message_id', '=', message_id)
        .execute();
    }
    return rows.length;
  });
}
