import { Test } from '@nestjs/testing';
import {
  ElasticsearchSearchIndex,
  elasticsearchAdapters,
  SearchClusterError,
} from '../../src/message-queue/adapters/elasticsearch/index.js';
import type { ElasticsearchOptions } from '../../src/message-queue/adapters/elasticsearch/index.js';
import { InvalidConfigurationError, MessageQueueModule } from '../../src/message-queue/index.js';
import { SearchIndex } from '../../src/message-queue/ports/index.js';
import type { SearchDocument } from '../../src/message-queue/ports/index.js';
import { freePort } from '../support/redis-server.js';
import { TestCluster } from './elasticsearch-cluster.fixture.js';

const never = new AbortController().signal;

function aDocument(
  messageId: string,
  content = 'apple',
  fields: Partial<SearchDocument> = {},
): SearchDocument {
  const people = { conversationId: 'c-1', senderId: 'ana' };
  return { messageId, content, ...people, createdAt: new Date(1_000), version: 10, ...fields };
}

/** What only a loopback server shows: which requests are sent, and clusters in trouble. The rest: elasticsearch-engine.spec.ts. */
describe('ElasticsearchSearchIndex', () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await TestCluster.start();
  });
  afterEach(() => cluster.stop());

  function open(options: Partial<ElasticsearchOptions> = {}): ElasticsearchSearchIndex {
    return new ElasticsearchSearchIndex({ url: cluster.url, refresh: 'wait_for', ...options });
  }

  async function found(index: SearchIndex, text: string): Promise<string[]> {
    return (await index.search(text)).items.map(({ messageId }) => messageId);
  }

  it('makes its index once, whoever starts at the same time', async () => {
    await Promise.all([1, 2, 3].map(() => open().indexMany([aDocument('m1')], never)));
    expect(cluster.documents('messages')).toHaveLength(1);
    const makes = cluster.requests.filter(({ method }) => method === 'PUT');
    expect(makes.length).toBeGreaterThan(0);
    await expect(open({ index: 'other', createIndex: false }).search('apple')).rejects.toMatchObject({
      status: 404,
      kind: 'index_not_found_exception',
    });
    expect(cluster.requests.some(({ method, path }) => method === 'PUT' && path === '/other')).toBe(false);
  });

  it('writes many in requests of bounded size, and keeps the order of outcomes', async () => {
    const index = open();
    await index.removeMany(['m7', 'm2345'], new Date(5), never);
    const documents = Array.from({ length: 2_500 }, (_, n) => aDocument(`m${n}`));
    const outcomes = await index.indexMany(documents, never);
    expect(outcomes.flatMap((outcome, n) => (outcome === 'deleted' ? n : []))).toEqual([7, 2345]);
    expect(outcomes.filter((outcome) => outcome === 'indexed')).toHaveLength(2_498);
    const long = Array.from({ length: 12 }, (_, n) => aDocument(`l${n}`, `word ${'-'.repeat(1_000_000)}`));
    await index.indexMany(long, never);
    const bulks = cluster.requests.filter(({ path }) => path.includes('_bulk'));
    expect(bulks.length).toBe(1 + 3 + 3);
    expect(Math.max(...bulks.map(({ body }) => body.length))).toBeLessThan(4.2 * 1024 * 1024);
  });

  it.each<[string, { status: number; body: object }, object]>([
    [
      'an overloaded cluster',
      { status: 429, body: { error: { type: 'es_rejected_execution_exception' } } },
      { status: 429, kind: 'es_rejected_execution_exception' },
    ],
    ['a proxy that answers no JSON', { status: 502, body: {} }, { status: 502, kind: 'refused' }],
    [
      'shards that did not answer',
      { status: 200, body: { timed_out: false, _shards: { failed: 1 }, hits: { hits: [] } } },
      { kind: 'shards did not answer' },
    ],
    [
      'a search that ran out of time',
      { status: 200, body: { timed_out: true, _shards: { failed: 0 }, hits: { hits: [] } } },
      { kind: 'shards did not answer' },
    ],
  ])('fails with %s', async (_what, answer, expected) => {
    const index = open();
    await index.indexMany([aDocument('m1')], never);
    cluster.intercept = () => answer;
    await expect(index.search('apple')).rejects.toBeInstanceOf(SearchClusterError);
    await expect(index.search('apple')).rejects.toMatchObject(expected);
  });

  it('ends in time, at its signal, and when nobody is there', async () => {
    const index = open({ timeoutMs: 100 });
    cluster.intercept = () => 'hang';
    await expect(index.search('apple')).rejects.toThrow(/could not make its index: no answer within 100 ms/);
    cluster.intercept = () => undefined;
    await index.indexMany([aDocument('m1')], never);
    const patient = open();
    await patient.search('apple');
    const reason = new Error('cancelled');
    const controller = new AbortController();
    cluster.intercept = () => {
      controller.abort(reason);
      return 'hang';
    };
    await expect(patient.search('apple', { signal: controller.signal })).rejects.toBe(reason);
    await expect(patient.indexMany([aDocument('m1')], AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(patient.removeMany(['m1'], new Date(), AbortSignal.abort(reason))).rejects.toBe(reason);
    const nobody = open({ url: `http://127.0.0.1:${await freePort()}` });
    await expect(nobody.search('apple')).rejects.toMatchObject({ status: null, kind: 'ECONNREFUSED' });
  });

  it('signs in, and takes its credentials nowhere else', async () => {
    cluster.authorization = 'ApiKey a2V5';
    await open({ apiKey: 'a2V5' }).indexMany([aDocument('m1')], never);
    await expect(open().search('apple')).rejects.toMatchObject({ status: 401 });
    cluster.authorization = `Basic ${Buffer.from('ana:pass').toString('base64')}`;
    expect(await found(open({ username: 'ana', password: 'pass' }), 'apple')).toEqual(['m1']);
  });

  it('gives its credentials to nobody in the clear, unless told to', () => {
    const far = 'http://search.example.org:9200';
    for (const signIn of [{ apiKey: 'k3y' }, { username: 'ana', password: 'k3y' }]) {
      expect(() => new ElasticsearchSearchIndex({ url: far, ...signIn })).toThrow(/url: .*requireTls/);
      const given = [{ url: far, requireTls: false }, { url: 'https://search.example.org' }];
      for (const place of [...given, { url: 'http://[::1]:9200' }]) {
        expect(() => new ElasticsearchSearchIndex({ ...place, ...signIn })).not.toThrow();
      }
    }
    expect(() => new ElasticsearchSearchIndex({ url: far })).not.toThrow();
  });

  it('names every mistake in its options, no secret, and plugs into the module', async () => {
    const wrong = {
      url: 'https://ana:hunter2@host',
      index: 'Big',
      timeoutMs: 0,
      apiKey: 'k3y',
      username: 'ana',
    };
    expect(() => new ElasticsearchSearchIndex(wrong)).toThrow(InvalidConfigurationError);
    expect(() => new ElasticsearchSearchIndex(wrong)).toThrow(
      /url: [^]*index: [^]*timeoutMs: [^]*go together[^]*exclude/,
    );
    expect(() => new ElasticsearchSearchIndex(wrong)).not.toThrow(/hunter2|k3y/);
    const adapters = elasticsearchAdapters({ useFactory: () => ({ url: cluster.url }) });
    const module = await Test.createTestingModule({
      imports: [MessageQueueModule.forRoot({ provider: 'memory', adapters })],
    }).compile();
    expect(module.get(SearchIndex, { strict: false })).toBeInstanceOf(ElasticsearchSearchIndex);
    await module.close();
  });
});
