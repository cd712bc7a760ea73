import type { Expression, SqlBool } from 'kysely';
import type { SearchOptions } from '../../../ports/search-index.js';
import { conversationTerm, recipientTerm } from '../../shared/search/search-terms.js';
import type { QueryTerm, WordTerm } from '../../shared/search/search-terms.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { isDeletedWith } from '../traces/sql-deletions.js';

/** Which rows of `mq_search_documents AS hit` a search finds: those that hold its words, and that nothing hides from whoever asks. */
export function isFound(
  database: SqlDatabase,
  terms: readonly QueryTerm[],
  { conversationId, senderId, readerId }: SearchOptions,
): Expression<SqlBool> {
  const { sql } = database;
  const scope = conversationId === undefined ? [] : [exactly(conversationTerm(conversationId))];
  const conditions = [
    holdsAll(database, [...terms, ...scope]),
    // Literal, so that the planners know the partial indexes.
    sql<SqlBool>`hit.removed = 0`,
    ...(conversationId === undefined ? [] : [sql<SqlBool>`hit.conversation_id = ${conversationId}`]),
    ...(senderId === undefined ? [] : [sql<SqlBool>`hit.sender_id = ${senderId}`]),
    ...(readerId === undefined ? [] : [isReadableBy(database, readerId)]),
    sql<SqlBool>`NOT ${isDeletedWith(database, sql.ref<string>('hit.conversation_id'), sql.ref<number>('hit.created_at'))}`,
    sql<SqlBool>`NOT EXISTS (SELECT 1 FROM mq_messages AS message
      WHERE message.message_id = hit.message_id AND (message.claimed = 1 OR message.recalled = 1 OR ${isDeletedMessage(database)}))`,
  ];
  return sql<SqlBool>`${sql.join(conditions, sql` AND `)}`;
}

/** An edit is younger than its message, which goes with its conversation. */
function isDeletedMessage(database: SqlDatabase): Expression<SqlBool> {
  const { sql } = database;
  const receivedAt = sql<number>`COALESCE(message.received_at, message.created_at)`;
  return isDeletedWith(database, sql.ref<string>('message.conversation_id'), receivedAt);
}

/** What somebody sent or was sent, and what is in their conversations. */
function isReadableBy(database: SqlDatabase, readerId: string): Expression<SqlBool> {
  const { sql } = database;
  return sql<SqlBool>`(hit.sender_id = ${readerId}
    OR EXISTS (SELECT 1 FROM mq_conversation_members AS member
      WHERE member.conversation_id = hit.conversation_id AND member.member_id = ${readerId})
    OR EXISTS (SELECT 1 FROM mq_message_recipients AS copy
      WHERE copy.message_id = hit.message_id AND copy.recipient_id = ${readerId})
    OR ${holdsAll(database, [exactly(recipientTerm(readerId))])})`;
}

/** Terms hold no character that either syntax knows: quoted they are words. */
function holdsAll({ sql, dialect }: SqlDatabase, terms: readonly QueryTerm[]): Expression<SqlBool> {
  if (dialect === 'postgres') {
    const one = ({ term, isPrefix }: WordTerm): string => `'${term}'${isPrefix ? ':*' : ''}`;
    return sql<SqlBool>`hit.words @@ ${conjunction(terms, one, '&', '|')}::tsquery`;
  }
  const one = ({ term, isPrefix }: WordTerm): string => `"${term}"${isPrefix ? '*' : ''}`;
  const query = conjunction(terms, one, 'AND', 'OR');
  return sql<SqlBool>`hit.id IN (SELECT rowid FROM mq_search_words WHERE mq_search_words MATCH ${query})`;
}

function conjunction(
  terms: readonly QueryTerm[],
  one: (term: WordTerm) => string,
  and: string,
  or: string,
): string {
  const all = terms.map((term) => {
    const parts = term.orAll?.map(one).join(` ${and} `) ?? '';
    return parts === '' ? one(term) : `(${one(term)} ${or} (${parts}))`;
  });
  return all.join(` ${and} `);
}

function exactly(term: string): QueryTerm {
  return { term, isPrefix: false };
}
