import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Source = Readonly<Record<string, unknown>>;
type Document = { readonly version: number; readonly source: Source };
type Mapping = Readonly<Record<string, { readonly type: string; readonly index?: boolean }>>;

/** What a cluster answers instead of an error's stack. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    reason = 'refused',
  ) {
    super(reason);
  }
}

interface Index {
  readonly mapping: Mapping;
  /** What was written; a realtime get sees it. */
  readonly written: Map<string, Document>;
  /** What searches see. */
  searchable: ReadonlyMap<string, Document>;
}

/**
 * The part of Elasticsearch that the adapter uses, over real HTTP: making an index, versioned bulk writes, realtime multi-get, filters with
 * `search_after`, and searches that see writes only after a refresh. What it does not know it refuses, as the cluster does.
 */
export class TestCluster {
  readonly requests: { readonly method: string; readonly path: string; readonly body: string }[] = [];
  /** Sees each request first; what it returns is the answer. */
  intercept: (request: IncomingMessage) => { status: number; body: object } | 'hang' | undefined = () =>
    undefined;
  authorization: string | undefined;
  private readonly indices = new Map<string, Index>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  static async start(): Promise<TestCluster> {
    const cluster = new TestCluster();
    await new Promise<void>((resolve) => cluster.server.listen(0, '127.0.0.1', resolve));
    return cluster;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  documents(index: string): Source[] {
    return [...(this.indices.get(index)?.written.values() ?? [])].map(({ source }) => source);
  }

  refresh(name: string): void {
    const index = this.indexOf(name);
    index.searchable = new Map(index.written);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { method = '', url = '' } = request;
    this.requests.push({ method, path: url, body });
    let answer: { status: number; body: object };
    try {
      const instead = this.intercept(request);
      if (instead === 'hang') return;
      answer = instead ?? { status: 200, body: this.answer(request, new URL(url, this.url), body) };
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(400, 'parsing_exception', String(error));
      const { status, type, message } = refusal;
      answer = { status, body: { error: { type, reason: message }, status } };
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(method === 'HEAD' ? undefined : JSON.stringify(answer.body));
  }

  private answer(request: IncomingMessage, url: URL, body: string): object {
    if (this.authorization !== undefined && request.headers.authorization !== this.authorization) {
      throw new Refusal(401, 'security_exception');
    }
    const [, name = '', action = '', id = ''] = url.pathname.split('/').map(decodeURIComponent);
    const type = request.headers['content-type'] ?? '';
    switch (`${request.method} ${action}`) {
      case 'HEAD ':
        return this.indexOf(name) && {};
      case 'PUT ':
        return this.make(name, JSON.parse(body) as { mappings: { properties: Mapping } });
      case 'POST _bulk':
        if (type !== 'application/x-ndjson') throw new Refusal(406, 'content_type_header_exception');
        return this.bulk(name, body, url.searchParams.get('refresh'));
      case 'POST _mget':
        return this.getMany(name, JSON.parse(body) as { ids: string[] });
      case 'POST _search':
        return this.search(name, JSON.parse(body) as SearchRequest);
      case 'POST _count':
        return this.count(name, JSON.parse(body) as Pick<SearchRequest, 'query'>);
      case 'POST _refresh':
        this.refresh(name);
        return {};
      case 'GET _doc':
        return { _source: this.indexOf(name).written.get(id)?.source };
      case 'PUT _settings':
      case 'DELETE ':
        return this.indexOf(name) && { acknowledged: true };
      default:
        throw new Refusal(405, 'method_not_allowed');
    }
  }

  private indexOf(name: string): Index {
    const index = this.indices.get(name);
    if (index === undefined) throw new Refusal(404, 'index_not_found_exception');
    return index;
  }

  private make(name: string, { mappings }: { mappings: { properties: Mapping } }): object {
    if (this.indices.has(name)) throw new Refusal(400, 'resource_already_exists_exception');
    this.indices.set(name, { mapping: mappings.properties, written: new Map(), searchable: new Map() });
    return { acknowledged: true };
  }

  private bulk(name: string, body: string, refresh: string | null): object {
    if (!body.endsWith('\n'))
      throw new Refusal(400, 'illegal_argument_exception', 'must be terminated by a newline');
    const lines = body.slice(0, -1).split('\n');
    const items: object[] = [];
    for (let at = 0; at < lines.length; at += 2) {
      const action = (JSON.parse(lines[at] ?? '') as { index: BulkAction }).index;
      const source = JSON.parse(lines[at + 1] ?? '') as Source;
      try {
        items.push({ index: { _id: action._id, status: this.write(this.indexOf(name), action, source) } });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { status, type, message } = error;
        items.push({ index: { _id: action._id, status, error: { type, reason: message } } });
      }
    }
    if (refresh === 'wait_for') this.refresh(name);
    return { errors: items.length > 0, items };
  }

  private write({ mapping, written }: Index, action: BulkAction, source: Source): number {
    const { _id, version, version_type } = action;
    if (Buffer.byteLength(_id) > 512) throw new Refusal(400, 'illegal_argument_exception', 'id is too long');
    if (!['external', 'external_gte'].includes(version_type) || !Number.isInteger(version) || version < 0) {
      throw new Refusal(400, 'action_request_validation_exception');
    }
    for (const [field, { type }] of Object.entries(mapping)) check(type, source[field]);
    const current = written.get(_id);
    const lowest = version_type === 'external' ? version : version + 1;
    if (current !== undefined && lowest <= current.version) {
      throw new Refusal(
        409,
        'version_conflict_engine_exception',
        `current version [${current.version}] is higher`,
      );
    }
    written.set(_id, { version, source });
    return current === undefined ? 201 : 200;
  }

  private getMany(name: string, { ids }: { ids: string[] }): object {
    const { written } = this.indexOf(name);
    return {
      docs: ids.map((_id) => {
        const found = written.get(_id);
        return found === undefined ? { _id, found: false } : { _id, found: true, _source: found.source };
      }),
    };
  }

  private count(name: string, { query }: Pick<SearchRequest, 'query'>): object {
    const { searchable, mapping } = this.indexOf(name);
    const found = [...searchable.values()].filter(({ source }) => isFound(query, source, mapping));
    return { count: found.length, _shards: { failed: 0 } };
  }

  private search(name: string, request: SearchRequest): object {
    const { searchable, mapping } = this.indexOf(name);
    const {
      query,
      size,
      sort,
      search_after: after,
      _source,
      track_total_hits,
      version,
      ...unknown
    } = request;
    if (Object.keys(unknown).length > 0 || track_total_hits) throw new Refusal(400, 'parsing_exception');
    if (size > 10_000) throw new Refusal(400, 'illegal_argument_exception');
    if (JSON.stringify(sort) !== '[{"createdAt":"desc"},{"messageId":"desc"}]')
      throw new Refusal(400, 'parsing_exception');
    const hits = [...searchable.values()]
      .filter(({ source }) => isFound(query, source, mapping))
      .map((document) => ({
        ...document,
        sort: [document.source.createdAt, document.source.messageId] as Sort,
      }))
      .sort((a, b) => descending(a.sort, b.sort))
      .filter(({ sort: values }) => after === undefined || descending(values, after) > 0)
      .slice(0, size)
      .map(({ source, sort: values, version: _version }) => ({
        ...(version === true && { _version }),
        _source: Object.fromEntries(_source.map((field) => [field, source[field]])),
        sort: values,
      }));
    return { timed_out: false, _shards: { failed: 0 }, hits: { hits } };
  }
}

interface BulkAction {
  readonly _id: string;
  readonly version: number;
  readonly version_type: string;
}

type Sort = readonly [number, string];
/** One of them, by the name of its kind. */
interface Query {
  readonly bool?: {
    readonly filter?: readonly Query[];
    readonly should?: readonly Query[];
    readonly must_not?: readonly Query[];
    readonly minimum_should_match?: number;
  };
  readonly term?: Readonly<Record<string, { readonly value: unknown }>>;
  readonly terms?: Readonly<Record<string, readonly unknown[]>>;
  readonly prefix?: Readonly<Record<string, { readonly value: string }>>;
  readonly range?: Readonly<Record<string, { readonly lte: number }>>;
}

interface SearchRequest {
  readonly query: Query;
  readonly size: number;
  readonly sort: unknown;
  readonly search_after?: Sort;
  readonly _source: readonly string[];
  readonly track_total_hits: boolean;
  readonly version?: boolean;
}

/** What a field refuses: a document with it is not written. */
function check(type: string, value: unknown): void {
  if (value === undefined) return;
  const values = Array.isArray(value) ? (value as unknown[]) : [value];
  const isWrong = values.some(
    (one) =>
      (type === 'date' && !Number.isInteger(one)) ||
      (type === 'keyword' && Buffer.byteLength(String(one)) > 32_766),
  );
  if (isWrong)
    throw new Refusal(400, 'document_parsing_exception', `failed to parse [${JSON.stringify(value)}]`);
}

function isFound(
  { bool, term, terms, prefix, range, ...unknown }: Query,
  source: Source,
  mapping: Mapping,
): boolean {
  if (Object.keys(unknown).length > 0) throw new Refusal(400, 'parsing_exception', 'unknown query');
  if (bool !== undefined) return isTrue(bool, source, mapping);
  if (range !== undefined) {
    return Object.entries(range).every(
      ([date, { lte }]) => mapping[date]?.type === 'date' && Number(source[date]) <= lte,
    );
  }
  const [[field, condition] = ['', undefined]] = Object.entries(term ?? terms ?? prefix ?? {});
  if (condition === undefined) throw new Refusal(400, 'parsing_exception');
  const stored = indexed(field, source, mapping);
  if (terms !== undefined) return terms[field]?.some((value) => stored.includes(value)) === true;
  const { value } = condition as { readonly value: unknown };
  return prefix === undefined
    ? stored.includes(value)
    : stored.some((one) => typeof one === 'string' && one.startsWith(String(value)));
}

function isTrue(bool: NonNullable<Query['bool']>, source: Source, mapping: Mapping): boolean {
  const { filter = [], should, must_not: exclusions = [], minimum_should_match: least, ...unknown } = bool;
  // Without it clusters take a `should` beside a `filter` for a wish.
  const isKnown = Object.keys(unknown).length === 0 && (least === 1) === (should !== undefined);
  if (!isKnown) throw new Refusal(400, 'parsing_exception');
  return (
    filter.every((one) => isFound(one, source, mapping)) &&
    (should === undefined || should.some((one) => isFound(one, source, mapping))) &&
    !exclusions.some((one) => isFound(one, source, mapping))
  );
}

function indexed(field: string, source: Source, mapping: Mapping): unknown[] {
  const { type, index = true } = mapping[field] ?? { type: 'none' };
  if (!['keyword', 'boolean'].includes(type) || !index) throw new Refusal(400, 'query_shard_exception');
  const stored = source[field];
  if (stored === undefined) return [];
  return Array.isArray(stored) ? (stored as unknown[]) : [stored];
}

/** Keywords sort by their bytes. */
function descending([atA, idA]: Sort, [atB, idB]: Sort): number {
  return atB - atA || Buffer.compare(Buffer.from(idB), Buffer.from(idA));
}
