import assert from 'node:assert/strict';
import type { ContractTest } from '../contract-runner.js';
import { allPages, aMessage, at, never } from '../contract-values.js';
import { aDocument, found } from './search-documents.js';
import type { SearchSubject } from './search-documents.js';

/** Who finds what. */
export function declareReaders(test: ContractTest<SearchSubject>): void {
  test('finds for a reader what is in their conversations, and what they sent or were sent', async (subject) => {
    const { index, members, messages } = subject;
    await members.add('theirs', ['ben', 'ana'], never());
    await members.add('others', ['ana', 'cleo'], never());
    const sent = { messageId: 'received', senderId: 'ana', recipientId: 'ben', conversationId: 'batch' };
    await messages.save(aMessage(sent), never());
    await index.indexMany(
      [
        aDocument('in-theirs', 'apple', { conversationId: 'theirs' }),
        aDocument('in-others', 'apple', { conversationId: 'others' }),
        aDocument('in-no-ones', 'apple', { conversationId: 'no-ones', recipientIds: ['cleo'] }),
        aDocument('sent', 'apple', { conversationId: 'left', senderId: 'ben' }),
        aDocument('received', 'apple', { conversationId: 'batch', recipientIds: ['ben'] }),
      ],
      never(),
    );
    assert.deepEqual(await found(index, 'apple', { readerId: 'ben' }), ['in-theirs', 'received', 'sent']);
    assert.deepEqual(await found(index, 'apple', { readerId: 'cleo' }), ['in-no-ones', 'in-others']);
    assert.deepEqual(await found(index, 'apple', { readerId: 'nobody' }), []);
    for (const readerId of ['BEN', 'be', 'ben%', 'ben '])
      assert.deepEqual(await found(index, 'apple', { readerId }), []);
    const narrowed = async (conversationId: string): Promise<string[]> =>
      found(index, 'apple', { readerId: 'ben', conversationId });
    assert.deepEqual(await narrowed('theirs'), ['in-theirs']);
    assert.deepEqual(await narrowed('others'), []);
    assert.deepEqual(await narrowed('left'), ['sent']);
    assert.deepEqual(await found(index, 'apple', { readerId: 'ben', senderId: 'ana' }), [
      'in-theirs',
      'received',
    ]);
    await members.remove('theirs', 'ben', never());
    assert.deepEqual(await found(index, 'apple', { readerId: 'ben' }), ['received', 'sent']);
  });

  test('fills the pages of a reader with what they may see', async ({ index, members }) => {
    await members.add('theirs', ['ben'], never());
    const documents = Array.from({ length: 60 }, (_, number) =>
      aDocument(`m${number}`, 'apple', {
        conversationId: number % 10 === 0 ? 'theirs' : 'others',
        createdAt: at(number),
      }),
    );
    await index.indexMany(documents, never());
    const pages = await allPages((page) => index.search('apple', { ...page, readerId: 'ben' }), 4);
    const ids = pages.map((page) => page.map(({ messageId }) => messageId));
    assert.deepEqual(ids, [
      ['m50', 'm40', 'm30', 'm20'],
      ['m10', 'm0'],
    ]);
  });
}

/** What nobody finds any more. */
export function declareHidden(test: ContractTest<SearchSubject>): void {
  test('finds nothing that was written until its conversation was deleted, and all that came later', async (subject) => {
    const { index, conversations } = subject;
    const write = (id: string, ms: number, conversationId = 'conversation-1') =>
      index.indexMany([aDocument(id, 'apple', { conversationId, createdAt: at(ms) })], never());
    await write('before', -1);
    await write('as-old', 0);
    await write('elsewhere', -1, 'conversation-2');
    await conversations.markDeleted('conversation-1', at(0));
    assert.deepEqual(await found(index, 'apple'), ['elsewhere']);
    assert.deepEqual(await found(index, 'apple', { conversationId: 'conversation-1' }), []);
    assert.deepEqual(await found(index, 'apple', { senderId: 'ana' }), ['elsewhere']);
    await write('late', -5);
    await write('after', 1);
    assert.deepEqual(await found(index, 'apple'), ['after', 'elsewhere']);
    assert.deepEqual(await found(index, 'apple', { conversationId: 'conversation-1' }), ['after']);
    await conversations.markDeleted('conversation-1', at(1));
    assert.deepEqual(await found(index, 'apple'), ['elsewhere']);
  });

  test('finds no edit of a message that was deleted before', async ({ index, messages, conversations }) => {
    await messages.save(aMessage({ messageId: 'edited', createdAt: at(0) }), never());
    await conversations.markDeleted('conversation-1', at(1));
    await index.indexMany([aDocument('edited', 'apple', { createdAt: at(2) })], never());
    assert.deepEqual(await found(index, 'apple'), []);
  });

  test('finds nothing that was recalled or is being cleaned up', async ({ index, messages, cleanup }) => {
    for (const messageId of ['recalled', 'claimed', 'kept']) {
      await messages.save(aMessage({ messageId, createdAt: at(messageId === 'claimed' ? -5 : 5) }), never());
      await index.indexMany([aDocument(messageId, 'apple')], never());
    }
    await messages.hide('recalled', never());
    assert.deepEqual(await cleanup.claim({ kind: 'old_messages', before: at(0) }, 10, never()), ['claimed']);
    assert.deepEqual(await found(index, 'apple'), ['kept']);
  });

  test('fills its pages with what is left where much is hidden', async ({ index, conversations }) => {
    const documents = Array.from({ length: 40 }, (_, number) =>
      aDocument(`m${String(number).padStart(2, '0')}`, 'apple', {
        conversationId: number % 4 === 0 ? 'kept' : 'deleted',
        createdAt: at(number),
      }),
    );
    await index.indexMany(documents, never());
    await conversations.markDeleted('deleted', at(100));
    const pages = await allPages((page) => index.search('apple', page), 4);
    assert.deepEqual(
      pages.flat().map(({ messageId }) => messageId),
      ['m36', 'm32', 'm28', 'm24', 'm20', 'm16', 'm12', 'm08', 'm04', 'm00'],
    );
    assert.equal(new Set(pages.slice(0, -1).map((page) => page.length)).size, 1);
  });
}
