import type { Page } from '../../ports/page.js';
import { SearchIndex } from '../../ports/search-index.js';
import type { IndexOutcome, SearchDocument, SearchHit, SearchOptions } from '../../ports/search-index.js';
import { highlight } from '../shared/search/search-highlights.js';
import { queryTerms } from '../shared/search/search-terms.js';
import type { QueryTerm } from '../shared/search/search-terms.js';
import { ClusterClient, kindOf } from './cluster-client.js';
import { resolveElasticsearchOptions } from './elasticsearch.options.js';
import type { ElasticsearchOptions, ResolvedElasticsearchOptions } from './elasticsearch.options.js';
import { documentId, INDEX_DEFINITION, tombstoneLines, writeLines } from './message-index.js';
import type { StoredMessage } from './message-index.js';
import { cursorAfter, hitsPerPage, sortValuesOf } from './page-cursor.js';
import { SearchClusterError } from './search-cluster.error.js';

/** A request of clusters may have 100 MB; far below it a node answers evenly. */
const MAX_BULK_LENGTH = 4 * 1024 * 1024;
const MAX_BULK_ITEMS = 1_000;
const CONFLICT = 409;

interface BulkAnswer {
  readonly items: readonly {
    readonly index: { readonly status: number; readonly error?: { readonly type?: string } };
  }[];
}

interface SearchAnswer {
  readonly timed_out: boolean;
  readonly _shards: { readonly failed: number };
  readonly hits: {
    readonly hits: readonly { readonly _source: StoredMessage; readonly sort: [number, string] }[];
  };
}

interface ManyAnswer {
  readonly docs: readonly {
    readonly _id: string;
    readonly found?: boolean;
    readonly _source?: { readonly removed?: boolean };
  }[];
}

/**
 * Full-text search in Elasticsearch (7 and newer) or OpenSearch. Versions are the cluster's external ones (`external_gte`), so it compares
 * them in the write itself; a removal is a document with the highest version of all. The words are those of the SQL stores,
 * and so is the order: newest first. Searches see a write within the index's refresh interval (1 s).
 */
export class ElasticsearchSearchIndex extends SearchIndex {
  private readonly options: ResolvedElasticsearchOptions;
  private readonly client: ClusterClient;
  private prepared: Promise<void> | null = null;

  /** @throws InvalidConfigurationError */
  constructor(options: ElasticsearchOptions) {
    super();
    this.options = resolveElasticsearchOptions(options);
    this.client = new ClusterClient(this.options);
  }

  /** @throws SearchClusterError when a document was refused for another reason than its version; the others are written */
  async indexMany(documents: readonly SearchDocument[], signal: AbortSignal): Promise<IndexOutcome[]> {
    const statuses = await this.bulk('index messages', documents.map(writeLines), signal);
    const refused = documents.filter((_document, at) => statuses[at] === CONFLICT);
    const removed = await this.removedOf([...new Set(refused.map(({ messageId }) => messageId))], signal);
    return documents.map(({ messageId }, at) => {
      if (statuses[at] !== CONFLICT) return 'indexed';
      return removed.has(documentId(messageId)) ? 'deleted' : 'stale';
    });
  }

  /** @throws SearchClusterError */
  async removeMany(messageIds: readonly string[], removedAt: Date, signal: AbortSignal): Promise<void> {
    const ids = [...new Set(messageIds)];
    await this.bulk(
      'remove messages',
      ids.map((id) => tombstoneLines(id, removedAt)),
      signal,
    );
  }

  /** @throws SearchClusterError, also when a part of the index did not answer; InvalidCursorError */
  async search(text: string, options: SearchOptions = {}): Promise<Page<SearchHit>> {
    const terms = queryTerms(text);
    const limit = hitsPerPage(options);
    const after = sortValuesOf(options);
    options.signal?.throwIfAborted();
    if (terms.length === 0) return { items: [], nextCursor: null };
    await this.prepare(options.signal);
    const what = 'search';
    const answer = (await this.client.call({
      ...{ what, method: 'POST', path: `${this.path}/_search`, signal: options.signal },
      body: JSON.stringify({
        query: { bool: { filter: [...terms.map(termQuery), ...scopeQueries(options)] } },
        sort: [{ createdAt: 'desc' }, { messageId: 'desc' }],
        ...(after !== null && { search_after: after }),
        ...{ size: limit + 1, track_total_hits: false },
        _source: ['messageId', 'conversationId', 'senderId', 'createdAt', 'content'],
      }),
    })) as SearchAnswer;
    // A page with holes would lose hits for good: the next one starts behind them.
    if (answer.timed_out || answer._shards.failed > 0)
      throw new SearchClusterError(what, 200, 'shards did not answer');
    const found = answer.hits.hits;
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown.map(({ _source }) => toHit(_source, terms)),
      nextCursor: last === undefined ? null : cursorAfter(last.sort),
    };
  }

  private get path(): string {
    return `/${encodeURIComponent(this.options.index)}`;
  }

  /** @returns the status of each write, which is 2xx or 409 */
  private async bulk(what: string, writes: readonly string[], signal: AbortSignal): Promise<number[]> {
    signal.throwIfAborted();
    if (writes.length === 0) return [];
    await this.prepare(signal);
    const statuses: number[] = [];
    let failure: SearchClusterError | undefined;
    for (const body of bodiesOf(writes)) {
      const answer = (await this.client.call({
        ...{ what, method: 'POST', body, signal, contentType: 'application/x-ndjson' },
        path: `${this.path}/_bulk?refresh=${String(this.options.refresh)}`,
      })) as BulkAnswer;
      for (const { index } of answer.items) {
        statuses.push(index.status);
        if (index.status < 300 || index.status === CONFLICT) continue;
        failure ??= new SearchClusterError(what, index.status, kindOf(index));
      }
    }
    if (failure !== undefined) throw failure;
    return statuses;
  }

  /** Which of these have a tombstone; reads what was written last, whether or not searches see it yet. */
  private async removedOf(messageIds: readonly string[], signal: AbortSignal): Promise<Set<string>> {
    const removed = new Set<string>();
    for (let at = 0; at < messageIds.length; at += MAX_BULK_ITEMS) {
      const ids = messageIds.slice(at, at + MAX_BULK_ITEMS).map(documentId);
      const { docs } = (await this.client.call({
        ...{ what: 'look for removed messages', method: 'POST', signal, body: JSON.stringify({ ids }) },
        path: `${this.path}/_mget?_source=removed`,
      })) as ManyAnswer;
      for (const { _id, _source } of docs) if (_source?.removed === true) removed.add(_id);
    }
    return removed;
  }

  private prepare(signal?: AbortSignal): Promise<void> {
    if (!this.options.createIndex) return Promise.resolve();
    this.prepared ??= this.makeIndex().catch((error: unknown) => {
      this.prepared = null;
      throw error;
    });
    signal?.throwIfAborted();
    return this.prepared;
  }

  /** Several processes may do it at once: one creates it, the others find it. */
  private async makeIndex(): Promise<void> {
    const what = 'make its index';
    const { status } = await this.client.send({ what, method: 'HEAD', path: this.path });
    if (status === 200) return;
    if (status !== 404) throw new SearchClusterError(what, status, 'refused');
    const body = JSON.stringify(INDEX_DEFINITION);
    const made = await this.client.send({ what, method: 'PUT', path: this.path, body });
    const kind = kindOf(made.body);
    if (made.status < 300 || kind === 'resource_already_exists_exception') return;
    throw new SearchClusterError(what, made.status, kind);
  }
}

function termQuery({ term, isPrefix }: QueryTerm): object {
  return isPrefix ? { prefix: { terms: { value: term } } } : { term: { terms: { value: term } } };
}

function scopeQueries({ conversationId, senderId }: SearchOptions): object[] {
  return Object.entries({ conversationId, senderId }).flatMap(([field, value]) =>
    value === undefined ? [] : [{ term: { [field]: { value } } }],
  );
}

function toHit(message: StoredMessage, terms: readonly QueryTerm[]): SearchHit {
  const { messageId, conversationId, senderId, content } = message;
  const createdAt = new Date(message.createdAt);
  return { messageId, conversationId, senderId, createdAt, highlights: highlight(content, terms) };
}

function* bodiesOf(writes: readonly string[]): Generator<string> {
  let body: string[] = [];
  let length = 0;
  for (const write of writes) {
    if (body.length >= MAX_BULK_ITEMS || (body.length > 0 && length + write.length > MAX_BULK_LENGTH)) {
      yield body.join('');
      body = [];
      length = 0;
    }
    body.push(write);
    length += write.length;
  }
  if (body.length > 0) yield body.join('');
}
