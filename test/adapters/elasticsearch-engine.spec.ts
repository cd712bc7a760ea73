import { randomBytes } from 'node:crypto';
import { ElasticsearchSearchIndex } from '../../src/message-queue/adapters/elasticsearch/index.js';
import type { ElasticsearchOptions } from '../../src/message-queue/adapters/elasticsearch/index.js';
import * as inMemory from '../../src/message-queue/adapters/in-memory/index.js';
import type { MessageFacts } from '../../src/message-queue/adapters/shared/search/visible-messages.js';
import type { SearchDocument, SearchIndex, TraceTarget } from '../../src/message-queue/ports/index.js';
import { searchIndexContract } from '../../src/message-queue/testing/contracts/search/search-index.contract.js';
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

/**
 * What has to hold on any cluster: on the one at `ELASTICSEARCH_TEST_URL`, in indexes of its own that it removes, and without that
 * variable on the loopback server that plays the part of the API that we use.
 */
describe('ElasticsearchSearchIndex on a cluster', () => {
  const prefix = `nmq-test-${randomBytes(6).toString('hex')}`;
  const made: string[] = [];
  let loopback: TestCluster | undefined;
  let url: string;

  beforeAll(async () => {
    const given = process.env['ELASTICSEARCH_TEST_URL'];
    if (given === undefined) loopback = await TestCluster.start();
    url = (given ?? loopback?.url ?? '').replace(/\/$/, '');
  });
  afterAll(async () => {
    for (const index of made) await cluster('DELETE', `/${index}`);
    await loopback?.stop();
  });

  async function cluster(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
    expect([path, answer.status]).toEqual([path, 200]);
    return answer.json();
  }

  /** An index of its own, which the adapter makes; writes wait until they show. */
  async function open(
    options: Partial<ElasticsearchOptions> = {},
    facts?: MessageFacts,
  ): Promise<ElasticsearchSearchIndex> {
    const index = `${prefix}-${made.length}`;
    made.push(index);
    const search = new ElasticsearchSearchIndex({ url, index, refresh: 'wait_for', ...options }, facts);
    await search.search('makes the index');
    await cluster('PUT', `/${index}/_settings`, { index: { refresh_interval: '50ms' } });
    return search;
  }

  async function found(index: SearchIndex, text: string): Promise<string[]> {
    return (await index.search(text)).items.map(({ messageId }) => messageId);
  }

  searchIndexContract(async () => {
    const data = new inMemory.InMemoryMessages();
    const conversations = new inMemory.InMemoryConversationStore(data);
    const members = new inMemory.InMemoryConversationMembers();
    const messages = new inMemory.InMemoryMessageStore(data);
    const index = await open({}, { conversations, members, messages });
    return { index, conversations, members, messages, cleanup: new inMemory.InMemoryCleanupStore(data) };
  });

  it('leaves out at once what searches still see of a removed message', async () => {
    const index = await open({ refresh: false });
    await index.indexMany([aDocument('m1'), aDocument('m2')], never);
    await cluster('POST', `/${made.at(-1)}/_refresh`);
    await cluster('PUT', `/${made.at(-1)}/_settings`, { index: { refresh_interval: '-1' } });
    await index.removeMany(['m1'], new Date(5), never);
    expect(await found(index, 'apple')).toEqual(['m2']);
  });

  it('is made by one of those that start at once, and used by all', async () => {
    const index = `${prefix}-together`;
    made.push(index);
    const starts = ['m1', 'm2', 'm3', 'm4'].map(async (id) => {
      const search = new ElasticsearchSearchIndex({ url, index });
      expect(await search.indexMany([aDocument(id)], never)).toEqual(['indexed']);
      return search;
    });
    const [one] = await Promise.all(starts);
    await cluster('POST', `/${index}/_refresh`);
    expect((await found(one as SearchIndex, 'apple')).sort()).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('is not made where that is not asked for', async () => {
    const search = new ElasticsearchSearchIndex({ url, index: `${prefix}-absent`, createIndex: false });
    const absent = { status: 404, kind: 'index_not_found_exception' };
    await expect(search.search('apple')).rejects.toMatchObject(absent);
  });

  it('knows what it wrote before searches see it', async () => {
    const index = await open({ refresh: false });
    const name = made.at(-1) ?? '';
    await cluster('PUT', `/${name}/_settings`, { index: { refresh_interval: '-1' } });
    expect(await index.indexMany([aDocument('m1')], never)).toEqual(['indexed']);
    expect(await found(index, 'apple')).toEqual([]);
    await cluster('POST', `/${name}/_refresh`);
    expect(await found(index, 'apple')).toEqual(['m1']);
    await index.removeMany(['m1'], new Date(5), never);
    expect(await index.indexMany([aDocument('m1', 'apple', { version: 99 })], never)).toEqual(['deleted']);
  });

  it('erases and counts also what searches do not see yet', async () => {
    const index = await open({ refresh: false });
    await cluster('PUT', `/${made.at(-1) ?? ''}/_settings`, { index: { refresh_interval: '-1' } });
    const targets: readonly TraceTarget[] = [
      { kind: 'messages', messageIds: ['m1', 'm2', 'm3'] },
      { kind: 'conversation', conversationId: 'c-2' },
      { kind: 'subject', subjectId: 'ben', exceptConversations: ['c-1'] },
    ];
    for (const [at, target] of targets.entries()) {
      const scope = { conversationId: 'c-2', senderId: 'ben' };
      const ids = ['m1', 'm2', 'm3'].map((id) => (target.kind === 'messages' ? id : `${id}-${at}`));
      await index.indexMany(
        ids.map((id) => aDocument(id, 'secret', scope)),
        never,
      );
      expect(await index.countTraces(target, never)).toBe(3);
      expect(await index.eraseTraces(target, 2, never)).toBe(2);
      expect(await index.countTraces(target, never)).toBe(1);
      expect(await index.eraseTraces(target, 2, never)).toBe(1);
      expect(await index.countTraces(target, never)).toBe(0);
      for (const id of ids) {
        const stored = JSON.stringify(await cluster('GET', `/${made.at(-1)}/_doc/${id}`));
        expect(stored).toMatch(/"removed":true/);
        expect(stored).not.toMatch(/secret|c-2|ben/);
      }
    }
  });

  it('keeps no content of a removed message', async () => {
    const index = await open();
    await index.indexMany([aDocument('m1', 'a secret')], never);
    await index.removeMany(['m1'], new Date(5), never);
    expect(await cluster('GET', `/${made.at(-1)}/_doc/m1`)).toMatchObject({
      _source: { messageId: 'm1', removed: true, removedAt: 5 },
    });
    expect(JSON.stringify(await cluster('GET', `/${made.at(-1)}/_doc/m1`))).not.toContain('secret');
    expect(await found(index, 'secret')).toEqual([]);
  });

  it('writes many, and keeps the order of outcomes', async () => {
    const index = await open();
    await index.removeMany(['m7', 'm2345'], new Date(5), never);
    const outcomes = await index.indexMany(
      Array.from({ length: 2_500 }, (_, n) => aDocument(`m${n}`)),
      never,
    );
    expect(outcomes.flatMap((outcome, n) => (outcome === 'deleted' ? n : []))).toEqual([7, 2345]);
    expect(outcomes.filter((outcome) => outcome === 'indexed')).toHaveLength(2_498);
    const long = Array.from({ length: 6 }, (_, n) => aDocument(`l${n}`, `word ${'-'.repeat(1_000_000)}`));
    expect(await index.indexMany(long, never)).toEqual(long.map(() => 'indexed'));
    expect((await found(index, 'word')).sort()).toEqual(long.map(({ messageId }) => messageId));
  });

  it('writes the others when one document is refused, then says so without quoting it', async () => {
    const index = await open();
    const bad = aDocument('bad', 'secret', { conversationId: 'secret'.repeat(6_000) });
    const writing = index.indexMany([aDocument('m1'), bad, aDocument('m2')], never);
    await expect(writing).rejects.toMatchObject({ code: 'SEARCH_CLUSTER', status: 400 });
    await expect(writing).rejects.not.toThrow(/secret/);
    expect((await found(index, 'apple')).sort()).toEqual(['m1', 'm2']);
  });

  it.each(['ü'.repeat(300), '_all', '../_search?q=*', 'a:b', '😀', '"', ' '])(
    'takes the id %j',
    async (id) => {
      const index = await open();
      await index.indexMany([aDocument(id), aDocument('other')], never);
      expect((await found(index, 'apple')).sort()).toEqual(['other', id].sort());
      await index.removeMany([id], new Date(5), never);
      expect(await index.indexMany([aDocument(id, 'apple', { version: 99 })], never)).toEqual(['deleted']);
      expect(await found(index, 'apple')).toEqual(['other']);
    },
  );

  it('goes on behind the last hit, whatever its id and time, and whatever comes in between', async () => {
    const index = await open();
    const ids = ['z', 'a:b', 'a', '😀', '\uffff', 'ü', '0', '"'];
    const times = [-62_000_000_000, 0, 1_700_000_000_000, 253_402_300_799_000];
    const documents = times.flatMap((ms) =>
      ids.map((id) => aDocument(`${id}${ms}`, 'apple', { createdAt: new Date(ms) })),
    );
    await index.indexMany(documents, never);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await index.search('apple', { limit: 3, cursor });
      seen.push(...page.items.map(({ messageId }) => messageId));
      if (cursor === undefined) {
        const newest = { createdAt: new Date(253_402_300_799_999) };
        await index.indexMany([aDocument('newest', 'apple', newest)], never);
      }
      cursor = page.nextCursor;
    }
    expect(new Set(seen)).toEqual(new Set(documents.map(({ messageId }) => messageId)));
    expect(seen).toHaveLength(documents.length);
    const timesSeen = seen.map((id) => documents.find(({ messageId }) => messageId === id)?.createdAt);
    expect(timesSeen).toEqual([...timesSeen].sort((a, b) => Number(b) - Number(a)));
  });
});
