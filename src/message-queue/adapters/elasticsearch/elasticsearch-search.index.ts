import type { Page } from '../../ports/page.js';
import type { TraceTarget } from '../../ports/privacy/trace-holder.js';
import { SearchIndex } from '../../ports/search-index.js';
import type { IndexOutcome, SearchDocument, SearchHit, SearchOptions } from '../../ports/search-index.js';
import { highlight } from '../shared/search/search-highlights.js';
import { queryTerms } from '../shared/search/search-terms.js';
import type { QueryTerm } from '../shared/search/search-terms.js';
import type { MessageFacts } from '../shared/search/visible-messages.js';
import { resolveElasticsearchOptions } from './elasticsearch.options.js';
import type { ElasticsearchOptions } from './elasticsearch.options.js';
import { HitReader } from './hit-reader.js';
import { IndexClient } from './index-client.js';
import { refoldLines, tombstoneLines, writeLines } from './message-index.js';
import type { StoredMessage } from './message-index.js';
import { sortValuesOf } from './page-cursor.js';
import { foundQuery, ORDER, outdatedQuery, traceQuery } from './search-queries.js';

/**
 * Full-text search in Elasticsearch (7 and newer) or OpenSearch. Versions are the cluster's external ones (`external_gte`), so it compares
 * them in the write itself; a removal is a document with the highest version of all. The words are those of the SQL stores,
 * and so is the order: newest first. Searches see a write within the index's refresh interval (1 s).
 */
export class ElasticsearchSearchIndex extends SearchIndex {
  override readonly holds = 'search documents';
  private readonly index: IndexClient;
  private readonly hits: HitReader;

  /**
   * @param facts the stores that know what is hidden and who may see what; without one of them nothing is hidden for its reason
   * @throws InvalidConfigurationError
   */
  constructor(options: ElasticsearchOptions, facts: MessageFacts = {}) {
    super();
    this.index = new IndexClient(resolveElasticsearchOptions(options));
    this.hits = new HitReader(this.index, facts);
  }

  /** @throws SearchClusterError when a document was refused for another reason than its version; the others are written */
  async indexMany(documents: readonly SearchDocument[], signal: AbortSignal): Promise<IndexOutcome[]> {
    const written = await this.index.write('index messages', documents.map(writeLines), signal);
    const refused = documents.filter((_document, at) => written[at] === false);
    const stored = await this.index.stored(
      refused.map(({ messageId }) => messageId),
      signal,
    );
    return documents.map(({ messageId }, at) => {
      if (written[at] === true) return 'indexed';
      return stored.get(messageId) === 'tombstone' ? 'deleted' : 'stale';
    });
  }

  /** @throws SearchClusterError */
  async removeMany(messageIds: readonly string[], removedAt: Date, signal: AbortSignal): Promise<void> {
    await this.bury([...new Set(messageIds)], signal, removedAt);
  }

  /** @throws SearchClusterError, also when a part of the index did not answer; InvalidCursorError; SearchScopeTooWideError */
  async search(text: string, options: SearchOptions = {}): Promise<Page<SearchHit>> {
    const terms = queryTerms(text);
    sortValuesOf(options);
    options.signal?.throwIfAborted();
    if (terms.length === 0) return { items: [], nextCursor: null };
    const query = foundQuery(terms, options, await this.hits.readable(options));
    const { hits, nextCursor } = await this.hits.page(query, options);
    return { items: hits.map(({ _source }) => toHit(_source, terms)), nextCursor };
  }

  /** @throws SearchClusterError */
  async countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    if (isOfNothing(target)) return 0;
    if (target.kind === 'messages') return (await this.messagesOf(target.messageIds, signal)).found.length;
    await this.index.refresh(signal);
    return this.index.count(traceQuery(target), signal);
  }

  /** @throws SearchClusterError; what was written before stays so */
  async eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    if (isOfNothing(target)) return 0;
    if (target.kind === 'messages') {
      const { found, unknown } = await this.messagesOf(target.messageIds, signal);
      // Also what was never seen: a late index must not bring it.
      if (found.length < limit) await this.bury(unknown, signal);
      return this.bury(found.slice(0, limit), signal);
    }
    await this.index.refresh(signal);
    const request = { query: traceQuery(target), sort: ORDER, size: limit, _source: ['messageId'] };
    const found = await this.index.search(request, signal);
    return this.bury(
      found.map(({ _source }) => _source.messageId),
      signal,
    );
  }

  /** @throws SearchClusterError */
  async countOutdated(signal: AbortSignal): Promise<number> {
    await this.index.refresh(signal);
    return this.index.count(outdatedQuery(), signal);
  }

  /** In place: each document is written again in its version, so that the cluster refuses it where something newer came. @throws SearchClusterError */
  async refold(limit: number, signal: AbortSignal): Promise<number> {
    await this.index.refresh(signal);
    const _source = ['messageId', 'conversationId', 'senderId', 'createdAt', 'content', 'terms'];
    const request = { query: outdatedQuery(), sort: ORDER, size: limit, version: true, _source };
    const found = await this.index.search(request, signal);
    const lines = found.map(({ _source: message, _version = 0 }) => refoldLines(message, _version));
    return (await this.index.write('fold messages again', lines, signal)).filter(Boolean).length;
  }

  /** Writes tombstones. @returns how many were not there yet */
  private async bury(messageIds: readonly string[], signal: AbortSignal, at = new Date()): Promise<number> {
    const lines = messageIds.map((id) => tombstoneLines(id, at));
    return (await this.index.write('remove messages', lines, signal)).filter(Boolean).length;
  }

  /** Which of these are in the index, and which it never saw. */
  private async messagesOf(
    messageIds: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly found: string[]; readonly unknown: string[] }> {
    const stored = await this.index.stored(messageIds, signal);
    const ids = [...new Set(messageIds)];
    return {
      found: ids.filter((id) => stored.get(id) === 'message'),
      unknown: ids.filter((id) => !stored.has(id)),
    };
  }
}

/** A query of no clauses would find everything. */
function isOfNothing(target: TraceTarget): boolean {
  return target.kind === 'deletions' && target.deletions.length === 0;
}

function toHit(message: StoredMessage, terms: readonly QueryTerm[]): SearchHit {
  const { messageId, conversationId, senderId, content } = message;
  const createdAt = new Date(message.createdAt);
  return { messageId, conversationId, senderId, createdAt, highlights: highlight(content, terms) };
}
