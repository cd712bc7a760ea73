import assert from 'node:assert/strict';
import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
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

    test('keeps when a conversation was deleted first', async ({ conversations }) => {
      await conversations.markDeleted('conversation-1', at(1));
      await conversations.markDeleted('conversation-1', at(2));
      const marks = { conversationId: 'conversation-1', deletedAt: at(1), legalHold: false };
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

    test('hides the messages of a deleted conversation from lists', async ({ conversations, messages }) => {
      await messages.save(aMessage(), never());
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
  });
}
