import assert from 'node:assert/strict';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import { InvalidCursorError } from '../../../ports/page.js';
import type { ContractTest } from '../contract-runner.js';
import { allPages, aMessage, at, never } from '../contract-values.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/** What a MessageStore knows of people, and what it erases of them. */
export function declarePeople(test: ContractTest<MessageStore>): void {
  declareConversationsOf(test);
  declareCopies(test);
  declareTraces(test, {
    foundBy: ['subject'],
    knowsConversations: true,
    holder: (store) => store,
    put: (store, { messageId, conversationId, subjectId }) =>
      store.save(
        aMessage({ messageId, conversationId, recipientId: subjectId, senderId: 'sender' }),
        never(),
      ),
    has: async (store, { messageId, subjectId }) => (await store.findStatus(messageId, subjectId)) !== null,
  });
}

function declareConversationsOf(test: ContractTest<MessageStore>): void {
  test('lists the conversations in which a person wrote or was written to', async (store) => {
    const save = (messageId: string, conversationId: string, senderId: string, recipientId: string) =>
      store.save(aMessage({ messageId, conversationId, senderId, recipientId }), never());
    await save('m1', 'both', 'ana', 'ben');
    await save('m1', 'both', 'ana', 'cleo');
    await save('m2', 'both', 'ben', 'ana');
    await save('m2', 'both', 'ben', 'cleo');
    await save('m3', 'received', 'ben', 'ana');
    await save('m4', 'alone', 'ana', 'ana');
    await save('m5', 'elsewhere', 'ben', 'cleo');
    await save('m6', 'alike', 'Ana', 'ana1');
    const { items, nextCursor } = await store.listConversationsOf('ana');
    assert.deepEqual(
      [...items].sort((a, b) => (a.conversationId < b.conversationId ? -1 : 1)),
      [
        { conversationId: 'alone', records: 2, isShared: false },
        { conversationId: 'both', records: 2, isShared: true },
        { conversationId: 'received', records: 1, isShared: true },
      ],
    );
    assert.equal(nextCursor, null);
    assert.deepEqual((await store.listConversationsOf('dora')).items, []);
  });

  test('lists each of them once, page by page', async (store) => {
    const ids = Array.from({ length: 7 }, (_, index) => `conversation-${index}`);
    for (const conversationId of ids) {
      for (const n of [1, 2])
        await store.save(
          aMessage({ messageId: `${conversationId}/${n}`, conversationId, createdAt: at(n) }),
          never(),
        );
    }
    for (const person of ['ana', 'ben']) {
      const pages = await allPages((page) => store.listConversationsOf(person, page), 3);
      assert.deepEqual(
        pages.map((page) => page.length),
        [3, 3, 1],
      );
      const listed = pages.flat().map(({ conversationId }) => conversationId);
      assert.deepEqual(listed.sort(), ids);
      assert.ok(pages.flat().every(({ records, isShared }) => records === 2 && isShared));
    }
    for (const cursor of ['', 'nonsense', 'MQ', 'MToA', "1:'; DROP"])
      await assert.rejects(store.listConversationsOf('ana', { cursor }), InvalidCursorError);
  });
}

function declareCopies(test: ContractTest<MessageStore>): void {
  test("erases a person's copies, and neither messages nor copies of others", async (store) => {
    await store.save(aMessage({ recipientId: 'ben' }), never());
    await store.save(aMessage({ recipientId: 'cleo' }), never());
    await store.save(aMessage({ messageId: 'message-2', senderId: 'ben', recipientId: 'ana' }), never());
    const ben = { kind: 'subject', subjectId: 'ben', exceptConversations: [] } as const;
    assert.equal(await store.countTraces(ben, never()), 1);
    assert.equal(await store.eraseTraces(ben, 10, never()), 1);
    const { items } = await store.listConversation('conversation-1');
    const recipients = items.map((message) => message.recipients.map(({ recipientId }) => recipientId));
    assert.deepEqual(recipients.sort(), [['ana'], ['cleo']]);
    assert.deepEqual((await store.listPending('ben')).items, []);
  });

  test('keeps a message whose last copy was erased: it is its sender’s', async (store) => {
    await store.save(aMessage(), never());
    await store.eraseTraces({ kind: 'subject', subjectId: 'ben', exceptConversations: [] }, 10, never());
    const found = await store.find('message-1');
    assert.deepEqual([found?.content, found?.recipients], [aMessage().content, []]);
    assert.equal((await store.listConversation('conversation-1')).items.length, 1);
    const { items } = await store.listConversationsOf('ana');
    assert.deepEqual(items, [{ conversationId: 'conversation-1', records: 1, isShared: false }]);
  });
}
