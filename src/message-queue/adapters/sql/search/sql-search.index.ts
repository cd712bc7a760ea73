import type { Page } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { SearchIndex } from '../../../ports/search-index.js';
import type { IndexOutcome, SearchDocument, SearchHit, SearchOptions } from '../../../ports/search-index.js';
import { highlight } from '../../shared/search/search-highlights.js';
import { documentTerms, queryTerms, recipientTerm } from '../../shared/search/search-terms.js';
import type { SqlDatabase } from '../database/sql-database.js';
import { pageLimit, pageStart, toPage } from '../database/sql-page.js';
import { bury, eraseDocuments, SEARCH_DOCUMENTS, statementsOf } from './sql-search-documents.js';
import { countOutdated, refold } from './sql-search-folding.js';
import { isFound } from './sql-search-query.js';
import { forgetWords } from './sql-search-words.js';
import { countTraces } from '../traces/sql-traces.js';
import { toDate, toText } from '../database/sql-values.js';

/**
 * Full-text search in the SQL stores' database: FTS5 in SQLite, a GIN index over tsvector in PostgreSQL, both over the same words,
 * so that both find the same. Hits come newest first. Tombstones stay forever; they hold an id and no content. What is hidden, and who may see
 * what, the statement itself looks up in this database: whose members, recipients and deletions are elsewhere searches with another index.
 */
export class SqlSearchIndex extends SearchIndex {
  readonly holds = 'search documents';

  constructor(private readonly database: SqlDatabase) {
    super();
  }

  async indexMany(documents: readonly SearchDocument[], signal: AbortSignal): Promise<IndexOutcome[]> {
    const outcomes = documents.map<IndexOutcome>(() => 'stale');
    for (const round of roundsOf(documents)) {
      const written = await this.write(
        round.map(({ document }) => document),
        signal,
      );
      for (const { document, at } of round) outcomes[at] = written.get(document.messageId) ?? 'stale';
    }
    return outcomes;
  }

  async removeMany(messageIds: readonly string[], removedAt: Date, signal: AbortSignal): Promise<void> {
    for (const some of statementsOf([...new Set(messageIds)].sort())) {
      await this.database.run('remove from the index', signal, (db) => bury(db, some, removedAt));
    }
  }

  async search(text: string, options: SearchOptions = {}): Promise<Page<SearchHit>> {
    const terms = queryTerms(text);
    const limit = pageLimit(options);
    const start = pageStart(options);
    if (terms.length === 0) return { items: [], nextCursor: null };
    const rows = await this.database.run('search', options.signal, (db) => {
      let hits = db
        .selectFrom('mq_search_documents as hit')
        .select('hit.message_id')
        .where(isFound(this.database, terms, options));
      if (start !== null) {
        hits = hits.where((eb) =>
          eb(eb.refTuple('hit.created_at', 'hit.message_id'), '<', eb.tuple(start.at, start.id)),
        );
      }
      const page = hits
        .orderBy('hit.created_at', 'desc')
        .orderBy('hit.message_id', 'desc')
        .limit(limit + 1);
      // Sorting ids and then reading the texts of one page takes a third of the time of sorting texts.
      return db
        .selectFrom('mq_search_documents')
        .select(['message_id', 'conversation_id', 'sender_id', 'created_at', 'content'])
        .where('message_id', 'in', page)
        .orderBy('created_at', 'desc')
        .orderBy('message_id', 'desc')
        .execute();
    });
    return toPage(
      rows,
      limit,
      (row) => ({ at: row.created_at, id: row.message_id }),
      (row) => ({
        ...{ messageId: row.message_id, conversationId: row.conversation_id, senderId: row.sender_id },
        createdAt: toDate(row.created_at),
        highlights: highlight(row.content, terms),
      }),
    );
  }

  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return countTraces(this.database, [SEARCH_DOCUMENTS], target, signal);
  }

  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    const erased = await eraseDocuments(this.database, target, limit, signal);
    // Once per erasure: clean-ups by age take their messages page by page.
    if (erased === 0 && target.kind !== 'messages') await forgetWords(this.database, signal);
    return erased;
  }

  async countOutdated(signal: AbortSignal): Promise<number> {
    return countOutdated(this.database, signal);
  }

  async refold(limit: number, signal: AbortSignal): Promise<number> {
    return refold(this.database, limit, signal);
  }

  /** Documents of different ids; the newest version wins in the statement that writes. */
  private async write(
    documents: readonly SearchDocument[],
    signal: AbortSignal,
  ): Promise<Map<string, IndexOutcome>> {
    const outcomes = new Map<string, IndexOutcome>();
    // In one order, so that two writers never wait for each other.
    const sorted = [...documents].sort((a, b) => (a.messageId < b.messageId ? -1 : 1));
    for (const some of statementsOf(sorted)) {
      const ids = await this.upsert(some, signal);
      for (const id of ids) outcomes.set(id, 'indexed');
      const left = some.map(({ messageId }) => messageId).filter((id) => !outcomes.has(id));
      for (const id of await this.removedOf(left, signal)) outcomes.set(id, 'deleted');
    }
    return outcomes;
  }

  private async upsert(documents: readonly SearchDocument[], signal: AbortSignal): Promise<string[]> {
    const values = documents.map((document) => {
      const { messageId, conversationId, recipientIds = [] } = document;
      const content = toText(document.content);
      const terms = documentTerms(content, conversationId, recipientIds.map(recipientTerm)).join(' ');
      return {
        ...{ message_id: messageId, conversation_id: conversationId },
        ...{ sender_id: document.senderId, content, terms },
        ...{
          created_at: document.createdAt.getTime(),
          version: document.version,
          removed: 0,
          removed_at: null,
        },
      };
    });
    const written = await this.database.run('index messages', signal, (db) =>
      db
        .insertInto('mq_search_documents')
        .values(values)
        .onConflict((conflict) =>
          conflict
            .column('message_id')
            .doUpdateSet((eb) => ({
              conversation_id: eb.ref('excluded.conversation_id'),
              sender_id: eb.ref('excluded.sender_id'),
              content: eb.ref('excluded.content'),
              terms: eb.ref('excluded.terms'),
              created_at: eb.ref('excluded.created_at'),
              version: eb.ref('excluded.version'),
            }))
            .where('mq_search_documents.removed', '=', 0)
            .whereRef('mq_search_documents.version', '<=', 'excluded.version'),
        )
        .returning('message_id')
        .execute(),
    );
    return written.map((row) => row.message_id);
  }

  private async removedOf(messageIds: readonly string[], signal: AbortSignal): Promise<string[]> {
    if (messageIds.length === 0) return [];
    const rows = await this.database.run('look for removed messages', signal, (db) =>
      db
        .selectFrom('mq_search_documents')
        .select('message_id')
        .where('message_id', 'in', messageIds)
        .where('removed', '=', 1)
        .execute(),
    );
    return rows.map((row) => row.message_id);
  }
}

/** One statement writes each id once at most: repeats of an id go into later rounds, in their order. */
function roundsOf(
  documents: readonly SearchDocument[],
): { readonly document: SearchDocument; readonly at: number }[][] {
  const rounds: { readonly document: SearchDocument; readonly at: number }[][] = [];
  const seen = new Map<string, number>();
  documents.forEach((document, at) => {
    const round = seen.get(document.messageId) ?? 0;
    seen.set(document.messageId, round + 1);
    (rounds[round] ??= []).push({ document, at });
  });
  return rounds;
}
