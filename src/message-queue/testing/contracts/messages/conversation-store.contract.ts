import assert from 'node:assert/strict';
import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { aMessage, at, never } from '../contract-values.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/** A ConversationStore and the MessageStore that honours its marks. */
export interface ConversationStoreSubject {
  readonly conversations: ConversationStore;
  readonly messages: MessageStore;
}

/** The contract of every ConversationStore. @param create empty stores over the same data for each test */
export function conversationStoreContract(
  create: CreateSubject<ConversationStoreSubject>,
  runner?: ContractRunner,
): void {
  declareContract('ConversationStore', create, runner, (test) => {
    declareTraces(test, {
      foundBy: ['conversation'],
      isSingle: true,
      holder: ({ conversations }) => conversations,
      put: ({ conversations }, { conversationId }) => conversations.markDeleted(conversationId, at(1)),
      has: async ({ conversations }, { conversationId }) =>
        (await conversations.find(conversationId)) !== null,
      hold: ({ conversations }, conversationId) => conversations.setLegalHold(conversationId, true),
    });

    test('lets the store of messages keep the copies that come under legal hold', async (subject) => {
      const { conversations, messages } = subject;
      await messages.save(aMessage(), never());
      await messages.save(aMessage({ messageId: 'message-2', conversationId: 'conversation-2' }), never());
      await conversations.setLegalHold('conversation-1', true);
      const ben = { kind: 'subject', subjectId: 'ben', exceptConversations: [] } as const;
      assert.equal(await messages.countTraces(ben, never()), 1);
      assert.equal(await messages.eraseTraces(ben, 10, never()), 1);
      assert.equal(await messages.eraseTraces(ben, 10, never()), 0);
      assert.notEqual(await messages.findStatus('message-1', 'ben'), null);
      assert.equal(await messages.findStatus('message-2', 'ben'), null);
      await conversations.setLegalHold('conversation-1', false);
      assert.equal(await messages.eraseTraces(ben, 10, never()), 1);
    });

    test('knows no marks at first', async ({ conversations }) => {
      assert.equal(await conversations.find('conversation-1'), null);
    });

    test('keeps when a conversation was deleted last', async ({ conversations }) => {
      for (const when of [2, 3, 1]) await conversations.markDeleted('conversation-1', at(when));
      const marks = { conversationId: 'conversation-1', deletedAt: at(3), legalHold: false };
      assert.deepEqual(await conversations.find('conversation-1'), marks);
    });

    test('sets and lifts a legal hold, and keeps the other mark', async ({ conversations }) => {
      await conversations.setLegalHold('conversation-1', true);
      await conversations.markDeleted('conversation-1', at(1));
      const marks = { conversationId: 'conversation-1', deletedAt: at(1) };
      assert.deepEqual(await conversations.find('conversation-1'), { ...marks, legalHold: true });
      await conversations.setLegalHold('conversation-1', false);
      assert.deepEqual(await conversations.find('conversation-1'), { ...marks, legalHold: false });
    });

    declareMany(test);
    declareNewLife(test);
  });
}

function declareNewLife(test: ContractTest<ConversationStoreSubject>): void {
  test('hides the messages of a deleted conversation from lists', async ({ conversations, messages }) => {
    await messages.save(aMessage({ createdAt: at(1) }), never());
    await messages.save(aMessage({ messageId: 'message-2', conversationId: 'conversation-2' }), never());
    await conversations.markDeleted('conversation-1', at(1));
    assert.deepEqual((await messages.listConversation('conversation-1')).items, []);
    assert.equal((await messages.listConversation('conversation-2')).items.length, 1);
    const pending = await messages.listPending('ben');
    assert.deepEqual(
      pending.items.map((message) => message.messageId),
      ['message-2'],
    );
  });

  test('hides what was written until the deletion from every read, and nothing later', async (subject) => {
    const { conversations, messages } = subject;
    for (const n of [1, 2, 3]) {
      await messages.save(aMessage({ messageId: `m${n}`, createdAt: at(n) }), never());
    }
    await conversations.markDeleted('conversation-1', at(2));
    const seen = async (): Promise<readonly string[][]> => {
      const ids = ['m1', 'm2', 'm3', 'm4'];
      const [found, statuses, listed, pending] = await Promise.all([
        Promise.all(ids.map(async (id) => (await messages.find(id))?.messageId ?? '')),
        Promise.all(ids.map(async (id) => (await messages.findStatus(id, 'ben'))?.messageId ?? '')),
        messages.listConversation('conversation-1'),
        messages.listPending('ben'),
      ]);
      const idsOf = (items: readonly { readonly messageId: string }[]) =>
        items.map(({ messageId }) => messageId).sort();
      return [found.filter(Boolean), statuses.filter(Boolean), idsOf(listed.items), idsOf(pending.items)];
    };
    assert.deepEqual(await seen(), Array(4).fill(['m3']));
    // Late, but from before: a repeated delivery stores it, and nobody sees it.
    await messages.save(aMessage({ messageId: 'm4', createdAt: at(2) }), never());
    assert.deepEqual(await seen(), Array(4).fill(['m3']));
    await conversations.markDeleted('conversation-1', at(3));
    assert.deepEqual(await seen(), Array(4).fill([]));
  });

  test('hides the notices of recalls from before the deletion', async ({ conversations, messages }) => {
    const notice = (n: number) => ({
      ...{ messageId: `m${n}`, conversationId: 'conversation-1', recipientId: 'ben', recalledAt: at(n) },
    });
    await messages.noteRecalled([notice(1), notice(2)], never());
    await conversations.markDeleted('conversation-1', at(1));
    assert.deepEqual((await messages.listRecalled('ben')).items, [notice(2)]);
  });

  test('counts the copies of a batch also in deleted conversations: the figures are not what people wrote', async (subject) => {
    const { conversations, messages } = subject;
    await messages.save(aMessage({ batchId: 'batch-1', createdAt: at(1) }), never());
    await conversations.markDeleted('conversation-1', at(1));
    assert.equal((await messages.countBatch('batch-1')).pending, 1);
  });
}

function declareMany(test: ContractTest<ConversationStoreSubject>): void {
  test('finds the marks of many at once, each once, and leaves out those without', async (subject) => {
    const { conversations } = subject;
    await conversations.markDeleted('conversation-1', at(1));
    await conversations.setLegalHold('conversation-2', true);
    const ids = ['conversation-2', 'unknown', 'conversation-1', 'conversation-2'];
    const found = await conversations.findMany(ids, never());
    const sorted = [...found].sort((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
    assert.deepEqual(sorted, [
      { conversationId: 'conversation-1', deletedAt: at(1), legalHold: false },
      { conversationId: 'conversation-2', deletedAt: null, legalHold: true },
    ]);
    assert.deepEqual(await conversations.findMany([], never()), []);
  });
}
