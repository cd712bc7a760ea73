import assert from 'node:assert/strict';
import type { ConversationStore } from '../../ports/messages/conversation-store.js';
import type { MessageStore } from '../../ports/messages/message-store.js';
import { declareContract } from './contract-runner.js';
import type { ContractRunner, CreateSubject } from './contract-runner.js';
import { aMessage, at, never } from './contract-values.js';

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
