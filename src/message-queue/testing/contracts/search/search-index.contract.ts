import assert from 'node:assert/strict';
import { InvalidCursorError } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { SearchHit, SearchIndex } from '../../../ports/search-index.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { allPages, at, never } from '../contract-values.js';
import { aDocument, found, VERSION } from './search-documents.js';
import type { SearchSubject } from './search-documents.js';
import { declareScripts } from './search-index-scripts.contract.js';
import { declareHidden, declareReaders } from './search-index-visibility.contract.js';
import { declareFinding } from './search-index-words.contract.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/**
 * The contract of every SearchIndex. An index that shows writes later (Elasticsearch) is wrapped so that `indexMany` and `removeMany`
 * wait until they show.
 * @param create an empty index for each test, with the stores that say what is hidden and who may see what: those of the same database, or
 *   whichever the index was given
 */
export function searchIndexContract(create: CreateSubject<SearchSubject>, runner?: ContractRunner): void {
  declareContract('SearchIndex', create, runner, (testAll) => {
    const test: ContractTest<SearchIndex> = (name, body) => testAll(name, ({ index }) => body(index));
    declareReaders(testAll);
    declareHidden(testAll);
    declareVersions(test);
    declareKeeping(test);
    declareFinding(test);
    declareScripts(test);
    declareResults(test);
    declareHighlights(test);
    declareNoReturn(test);
    declareTraces(test, {
      foundBy: ['messages', 'conversation', 'deletions', 'subject'],
      knowsConversations: true,
      holder: (index) => index,
      put: (index, { id, messageId, conversationId, subjectId, writtenAt }) =>
        index.indexMany(
          [aDocument(messageId, id, { conversationId, senderId: subjectId, createdAt: writtenAt })],
          never(),
        ),
      has: async (index, { id, messageId }) => (await found(index, id)).includes(messageId),
    });
  });
}

function declareVersions(test: ContractTest<SearchIndex>): void {
  test('gives the outcomes in the order of the documents', async (index) => {
    await index.removeMany(['gone'], at(0), never());
    await index.indexMany([aDocument('new', 'apple', { version: VERSION + 1 })], never());
    const documents = ['z', 'new', 'gone', 'a'].map((id) => aDocument(id, 'apple'));
    assert.deepEqual(await index.indexMany(documents, never()), ['indexed', 'stale', 'deleted', 'indexed']);
    assert.deepEqual(await index.indexMany([], never()), []);
  });

  test('never lets an older version overwrite a newer one', async (index) => {
    await index.indexMany([aDocument('m1', 'newer', { version: VERSION + 1 })], never());
    assert.deepEqual(await index.indexMany([aDocument('m1', 'older')], never()), ['stale']);
    assert.deepEqual(await found(index, 'newer'), ['m1']);
    assert.deepEqual(await found(index, 'older'), []);
  });

  test('replaces with the same and with a newer version, and forgets the old words', async (index) => {
    await index.indexMany([aDocument('m1', 'apple')], never());
    assert.deepEqual(await index.indexMany([aDocument('m1', 'banana')], never()), ['indexed']);
    assert.deepEqual(await index.indexMany([aDocument('m1', 'cherry', { version: VERSION + 1 })], never()), [
      'indexed',
    ]);
    assert.deepEqual(await found(index, 'apple'), []);
    assert.deepEqual(await found(index, 'banana'), []);
    assert.deepEqual(await found(index, 'cherry'), ['m1']);
  });

  test('takes several versions of one message in one call', async (index) => {
    const documents = [2, 1, 3, 3].map((version) => aDocument('m1', `word${version}`, { version }));
    assert.deepEqual(await index.indexMany(documents, never()), ['indexed', 'stale', 'indexed', 'indexed']);
    assert.deepEqual(await found(index, 'word3'), ['m1']);
    assert.deepEqual(await found(index, 'word2'), []);
  });

  test('ends with the newest of versions that come at once', async (index) => {
    const versions = [3, 9, 1, 7, 10, 5, 8, 2, 6, 4];
    const writes = versions.map((version) =>
      index.indexMany([aDocument('m1', `word${version}`, { version }), aDocument('m2', 'x')], never()),
    );
    await Promise.all(writes);
    assert.deepEqual(await found(index, 'word10'), ['m1']);
  });

  test('removes for good: a late index does not undo it', async (index) => {
    await index.indexMany([aDocument('m1', 'apple'), aDocument('m2', 'apple')], never());
    await index.removeMany(['m1', 'never-seen'], at(1), never());
    await index.removeMany(['m1'], at(2), never());
    await index.removeMany([], at(2), never());
    assert.deepEqual(await found(index, 'apple'), ['m2']);
    const late = ['m1', 'never-seen'].map((id) => aDocument(id, 'apple', { version: VERSION + 9 }));
    assert.deepEqual(await index.indexMany(late, never()), ['deleted', 'deleted']);
    assert.deepEqual(await found(index, 'apple'), ['m2']);
  });
}

function declareKeeping(test: ContractTest<SearchIndex>): void {
  test('keeps versions exactly, up to the largest whole number', async (index) => {
    const largest = 2 ** 53 - 2;
    await index.indexMany([aDocument('m1', 'edited', { version: largest })], never());
    const late = [VERSION, 2 ** 48 + VERSION, largest - 1].map((version) =>
      aDocument('m1', 'late', { version }),
    );
    assert.deepEqual(await index.indexMany(late, never()), ['stale', 'stale', 'stale']);
    assert.deepEqual(await found(index, 'edited'), ['m1']);
  });

  test('has nothing to fold again that it folded itself', async (index) => {
    await index.indexMany([aDocument('m1', 'Łódź'), aDocument('m2', '')], never());
    await index.removeMany(['gone'], at(0), never());
    assert.equal(await index.countOutdated(never()), 0);
    assert.equal(await index.refold(10, never()), 0);
    assert.deepEqual(await found(index, 'lodz'), ['m1']);
  });
}

function declareNoReturn(test: ContractTest<SearchIndex>): void {
  const targets: readonly TraceTarget[] = [
    { kind: 'messages', messageIds: ['m1', 'm2', 'never-seen'] },
    { kind: 'conversation', conversationId: 'conversation-1' },
    { kind: 'subject', subjectId: 'ana', exceptConversations: [] },
  ];
  for (const target of targets) {
    test(`writes nothing again that it erased by ${target.kind}`, async (index) => {
      await index.indexMany([aDocument('m1', 'apple'), aDocument('m2', 'apple')], never());
      while ((await index.eraseTraces(target, 1, never())) > 0);
      const late = ['m1', 'm2'].map((id) => aDocument(id, 'apple', { version: VERSION + 9 }));
      assert.deepEqual(await index.indexMany(late, never()), ['deleted', 'deleted']);
      assert.deepEqual(await found(index, 'apple'), []);
      assert.equal(await index.countTraces(target, never()), 0);
    });
  }

  test('writes nothing that was erased before it came', async (index) => {
    const messageIds = Array.from({ length: 5 }, (_, at) => `never-seen-${at}`);
    assert.equal(await index.eraseTraces({ kind: 'messages', messageIds }, 2, never()), 0);
    const late = messageIds.map((id) => aDocument(id, 'apple', { version: VERSION + 9 }));
    assert.deepEqual(
      await index.indexMany(late, never()),
      messageIds.map(() => 'deleted'),
    );
    assert.deepEqual(await found(index, 'apple'), []);
  });
}

function declareResults(test: ContractTest<SearchIndex>): void {
  test('narrows to a conversation and a sender', async (index) => {
    await index.indexMany(
      [
        aDocument('m1', 'apple'),
        aDocument('m2', 'apple', { conversationId: 'conversation-2' }),
        aDocument('m3', 'apple', { senderId: 'ben' }),
      ],
      never(),
    );
    assert.deepEqual(await found(index, 'apple', { conversationId: 'conversation-1' }), ['m1', 'm3']);
    assert.deepEqual(await found(index, 'apple', { senderId: 'ana' }), ['m1', 'm2']);
    assert.deepEqual(await found(index, 'apple', { conversationId: 'conversation-1', senderId: 'ben' }), [
      'm3',
    ]);
  });

  test('gives every hit once, page by page', async (index) => {
    const ids = Array.from({ length: 7 }, (_, number) => `m${number}`);
    const documents = ids.map((id, number) =>
      aDocument(id, 'apple', { createdAt: at(Math.floor(number / 2)) }),
    );
    await index.indexMany(documents, never());
    const pages = await allPages((page) => index.search('apple', page), 3);
    assert.deepEqual(
      pages.map((page) => page.length),
      [3, 3, 1],
    );
    assert.deepEqual(
      pages
        .flat()
        .map((hit) => hit.messageId)
        .sort(),
      ids,
    );
    for (const cursor of ['nonsense', Buffer.from('1:\0').toString('base64url')]) {
      await assert.rejects(index.search('apple', { cursor }), InvalidCursorError);
    }
  });
}

function declareHighlights(test: ContractTest<SearchIndex>): void {
  test('gives back what a hit is about and marks the words', async (index) => {
    await index.indexMany([aDocument('m1', 'Die <b>Züge</b> fahren & die zug-Tür klemmt')], never());
    const hit = (await index.search('tur zug')).items[0] ?? (await index.search('fahren zug')).items[0];
    const people = { conversationId: 'conversation-1', senderId: 'ana', createdAt: at(0) };
    const { highlights, ...rest } = hit as SearchHit;
    assert.deepEqual(rest, { messageId: 'm1', ...people });
    assert.equal(highlights.map((part) => part.text).join(''), 'Die <b>Züge</b> fahren & die zug-Tür klemmt');
    const marked = highlights.filter((part) => part.isMatch).map((part) => part.text);
    assert.ok(marked.includes('zug'), JSON.stringify(marked));
    assert.ok(
      marked.every((text) => /^(Tür|zug|Züge|fahren)$/.test(text)),
      JSON.stringify(marked),
    );
  });

  test('shows an excerpt around the match of a long text', async (index) => {
    const content = `${'lorem ipsum '.repeat(200)}the needle is here ${'dolor sit '.repeat(200)}`;
    await index.indexMany([aDocument('m1', content)], never());
    const hit = (await index.search('needle')).items[0];
    const excerpt = hit?.highlights.map((part) => part.text).join('') ?? '';
    assert.ok(excerpt.includes('the needle is here'), excerpt);
    assert.ok(excerpt.length <= 250, String(excerpt.length));
    assert.deepEqual(
      hit?.highlights.filter((part) => part.isMatch).map((part) => part.text),
      ['needle'],
    );
  });
}
