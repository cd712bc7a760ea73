import assert from 'node:assert/strict';
import type { CleanupStore } from '../../../ports/messages/cleanup-store.js';
import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import type { ContractTest } from '../contract-runner.js';
import { aMessage, at, never } from '../contract-values.js';

/** A CleanupStore and the stores whose data it removes. */
export interface CleanupStoreSubject {
  readonly cleanup: CleanupStore;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
}

const ERASED = {
  conversation: { kind: 'conversation', conversationId: 'c0' },
  sender: { kind: 'sender', senderId: 's0', exceptConversations: [] },
  message: { kind: 'message', messageId: 'm0' },
} as const;

/** `m0` … `m5`: of `s0` and `s1` in turn, in `c0`, `c1` and `c2` in turn, whatever their age. */
async function saveMixed({ messages }: CleanupStoreSubject): Promise<void> {
  for (let index = 5; index >= 0; index -= 1) {
    const people = { senderId: `s${index % 2}`, conversationId: `c${index % 3}` };
    await messages.save(aMessage({ messageId: `m${index}`, createdAt: at(index), ...people }), never());
  }
}

/** What a CleanupStore removes for an erasure. */
export function declareErasures(test: ContractTest<CleanupStoreSubject>): void {
  declareErasedMessages(test);
  declareErasedAmongOthers(test);
}

function declareErasedMessages(test: ContractTest<CleanupStoreSubject>): void {
  const expected = { conversation: ['m0', 'm3'], sender: ['m0', 'm2', 'm4'], message: ['m0'] };
  for (const [name, selection] of Object.entries(ERASED)) {
    const ids = expected[selection.kind];

    test(`removes by ${name}, whatever the age`, async (subject) => {
      await saveMixed(subject);
      const { cleanup, messages } = subject;
      assert.equal(await cleanup.count(selection, never()), ids.length);
      assert.deepEqual(await cleanup.claim(selection, 10, never()), ids);
      assert.equal(await cleanup.count(selection, never()), ids.length);
      assert.equal(await cleanup.removeClaimed(ids, never()), ids.length);
      assert.equal(await cleanup.count(selection, never()), 0);
      assert.deepEqual(await cleanup.claim(selection, 10, never()), []);
      for (const id of ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'])
        assert.equal((await messages.find(id)) === null, ids.includes(id), id);
    });

    test(`neither counts nor claims by ${name} what is under legal hold`, async (subject) => {
      await saveMixed(subject);
      const { cleanup, conversations } = subject;
      await conversations.setLegalHold('c0', true);
      const free = ids.filter((id) => !['m0', 'm3'].includes(id));
      assert.equal(await cleanup.count(selection, never()), free.length);
      assert.deepEqual(await cleanup.claim(selection, 10, never()), free);
    });
  }
}

function declareErasedAmongOthers(test: ContractTest<CleanupStoreSubject>): void {
  test('counts and claims what belongs to an erasure, and no claim of another run', async (subject) => {
    await saveMixed(subject);
    const { cleanup } = subject;
    await cleanup.claim({ kind: 'old_messages', before: at(2) }, 10, never());
    assert.equal(await cleanup.count(ERASED.conversation, never()), 2);
    assert.equal(await cleanup.count({ kind: 'message', messageId: 'm5' }, never()), 1);
    // Else what another run cannot end would hold it up.
    assert.deepEqual(await cleanup.claim(ERASED.conversation, 10, never()), ['m0', 'm3']);
    assert.deepEqual(await cleanup.claim({ kind: 'old_messages', before: at(0) }, 10, never()), [
      'm0',
      'm1',
      'm3',
    ]);
  });

  test('leaves out conversations of a sender, also what is claimed in them', async (subject) => {
    await saveMixed(subject);
    const { cleanup } = subject;
    const rest = { ...ERASED.sender, exceptConversations: ['c0', 'c', 'C2', 'unknown'] };
    assert.equal(await cleanup.count(rest, never()), 2);
    assert.deepEqual(await cleanup.claim(rest, 10, never()), ['m2', 'm4']);
    await cleanup.claim({ kind: 'message', messageId: 'm0' }, 1, never());
    assert.equal(await cleanup.count(rest, never()), 2);
  });

  test('takes ids as they are', async ({ cleanup, messages }) => {
    for (const [index, id] of ['id', 'ID', 'id1', 'i_', '%'].entries()) {
      const ids = { messageId: id, senderId: id, conversationId: id };
      await messages.save(aMessage({ ...ids, createdAt: at(index) }), never());
    }
    for (const id of ['i_', '%', 'id', 'Id']) {
      const count = id === 'Id' ? 0 : 1;
      assert.equal(await cleanup.count({ kind: 'conversation', conversationId: id }, never()), count);
      assert.equal(await cleanup.count({ ...ERASED.sender, senderId: id }, never()), count);
      assert.equal(await cleanup.count({ kind: 'message', messageId: id }, never()), count);
    }
  });

  test('leaves the conversations of claimed messages on the list of their people', async (subject) => {
    await saveMixed(subject);
    const { cleanup, messages, conversations } = subject;
    const before = await messages.listConversationsOf('s0');
    await cleanup.claim(ERASED.sender, 10, never());
    await conversations.markDeleted('c1', at(1));
    assert.equal(before.items.length, 3);
    assert.deepEqual(await messages.listConversationsOf('s0'), before);
  });
}
