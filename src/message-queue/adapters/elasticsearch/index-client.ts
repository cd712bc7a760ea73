import { ClusterClient, kindOf } from './cluster-client.js';
import type { ResolvedElasticsearchOptions } from './elasticsearch.options.js';
import { documentId, INDEX_DEFINITION } from './message-index.js';
import type { StoredMessage } from './message-index.js';
import { SearchClusterError } from './search-cluster.error.js';

/** A request of clusters may have 100 MB; far below it a node answers evenly. */
const MAX_BULK_LENGTH = 4 * 1024 * 1024;
const MAX_BULK_ITEMS = 1_000;
const CONFLICT = 409;

/** A found message. */
export interface FoundMessage {
  readonly _source: StoredMessage;
  /** Only where it was asked for. */
  readonly _version?: number;
  readonly sort: [number, string];
}

interface SearchAnswer {
  readonly timed_out: boolean;
  readonly _shards: { readonly failed: number };
  readonly hits: { readonly hits: readonly FoundMessage[] };
}

interface CountAnswer {
  readonly count: number;
  readonly _shards: { readonly failed: number };
}

interface BulkAnswer {
  readonly items: readonly {
    readonly index: { readonly status: number; readonly error?: { readonly type?: string } };
  }[];
}

interface ManyAnswer {
  readonly docs: readonly {
    readonly _id: string;
    readonly found?: boolean;
    readonly _source?: { readonly removed?: boolean };
  }[];
}

/** What is done to the index of messages; makes it when it is first needed. */
export class IndexClient {
  private readonly client: ClusterClient;
  private prepared: Promise<void> | null = null;

  constructor(private readonly options: ResolvedElasticsearchOptions) {
    this.client = new ClusterClient(options);
  }

  /** What a search finds. @throws SearchClusterError, also when a part of the index did not answer */
  async search(request: object, signal?: AbortSignal): Promise<readonly FoundMessage[]> {
    await this.prepare(signal);
    const what = 'search';
    const answer = (await this.client.call({
      ...{ what, method: 'POST', path: `${this.path}/_search`, signal },
      body: JSON.stringify({ ...request, track_total_hits: false }),
    })) as SearchAnswer;
    // A page with holes would lose hits for good: the next one starts behind them.
    if (answer.timed_out || answer._shards.failed > 0) throw silentShards(what);
    return answer.hits.hits;
  }

  /** How many a query finds. @throws as {@link search} does */
  async count(query: object, signal: AbortSignal): Promise<number> {
    await this.prepare(signal);
    const what = 'count messages';
    const answer = (await this.client.call({
      ...{ what, method: 'POST', path: `${this.path}/_count`, signal, body: JSON.stringify({ query }) },
    })) as CountAnswer;
    if (answer._shards.failed > 0) throw silentShards(what);
    return answer.count;
  }

  /** Lets searches see whatever was written before. @throws SearchClusterError */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.prepare(signal);
    await this.client.call({
      ...{ what: 'refresh its index', method: 'POST', path: `${this.path}/_refresh`, signal },
    });
  }

  /**
   * Writes documents. @returns for each whether it was written; false: its version was not high enough
   * @throws SearchClusterError when one was refused for another reason; the others are written
   */
  async write(what: string, writes: readonly string[], signal: AbortSignal): Promise<boolean[]> {
    signal.throwIfAborted();
    if (writes.length === 0) return [];
    await this.prepare(signal);
    const written: boolean[] = [];
    let failure: SearchClusterError | undefined;
    for (const body of bodiesOf(writes)) {
      const answer = (await this.client.call({
        ...{ what, method: 'POST', body, signal, contentType: 'application/x-ndjson' },
        path: `${this.path}/_bulk?refresh=${String(this.options.refresh)}`,
      })) as BulkAnswer;
      for (const { index } of answer.items) {
        written.push(index.status < 300);
        if (index.status < 300 || index.status === CONFLICT) continue;
        failure ??= new SearchClusterError(what, index.status, kindOf(index));
      }
    }
    if (failure !== undefined) throw failure;
    return written;
  }

  /** What there is of messages; reads what was written last, whether or not searches see it yet. Of unknown ones there is nothing. */
  async stored(
    messageIds: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, 'message' | 'tombstone'>> {
    signal?.throwIfAborted();
    const found = new Map<string, 'message' | 'tombstone'>();
    const unique = [...new Set(messageIds)];
    if (unique.length > 0) await this.prepare(signal);
    for (let at = 0; at < unique.length; at += MAX_BULK_ITEMS) {
      const some = unique.slice(at, at + MAX_BULK_ITEMS);
      const { docs } = (await this.client.call({
        ...{ what: 'look for messages', method: 'POST', signal },
        ...{
          path: `${this.path}/_mget?_source=removed`,
          body: JSON.stringify({ ids: some.map(documentId) }),
        },
      })) as ManyAnswer;
      const states = new Map(
        docs
          .filter((one) => one.found === true)
          .map(({ _id, _source }) => [_id, _source?.removed === true ? 'tombstone' : 'message'] as const),
      );
      for (const id of some) {
        const state = states.get(documentId(id));
        if (state !== undefined) found.set(id, state);
      }
    }
    return found;
  }

  private get path(): string {
    return `/${encodeURIComponent(this.options.index)}`;
  }

  private prepare(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.options.createIndex) return Promise.resolve();
    this.prepared ??= this.makeIndex().catch((error: unknown) => {
      this.prepared = null;
      throw error;
    });
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

function silentShards(what: string): SearchClusterError {
  return new SearchClusterError(what, 200, 'shards did not answer');
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
