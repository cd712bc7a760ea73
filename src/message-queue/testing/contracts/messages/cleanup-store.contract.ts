import assert from 'node:assert/strict';
import type { Deletion } from '../../../ports/privacy/trace-holder.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import { declareErasures } from './cleanup-store-erasures.contract.js';
import type { CleanupStoreSubject } from './cleanup-store-erasures.contract.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { aMessage, at, never } from '../contract-values.js';

/** The contract of every CleanupStore. @param create empty stores over the same data for each test */
export function cleanupStoreContract(
  create: CreateSubject<CleanupStoreSubject>,
  runner?: ContractRunner,
): void {
  declareContract('CleanupStore', create, runner, (test) => {
    declareOldMessages(test);
    declareClaims(test);
    declareDeletedConversations(test);
    declareMarks(test);
    declareErasures(test);
    declareRecalled(test);
  });
}

const OLD = { kind: 'old_messages', before: at(10) } as const;
const DELETED = { kind: 'deleted_conversations', before: at(10) } as const;

/** `m0` … at 0, 1, … ms, each in the conversation that `conversationOf` says. */
async function saveMany(
  messages: MessageStore,
  count: number,
  conversationOf = (_index: number): string => 'conversation-1',
): Promise<void> {
  for (let index = count - 1; index >= 0; index -= 1) {
    const fields = { messageId: `m${index}`, createdAt: at(index), conversationId: conversationOf(index) };
    await messages.save(aMessage(fields), never());
  }
}

function declareOldMessages(test: ContractTest<CleanupStoreSubject>): void {
  test('counts without changing anything', async ({ cleanup, messages }) => {
    await saveMany(messages, 12);
    assert.equal(await cleanup.count(OLD, never()), 10);
    assert.equal(await cleanup.count(OLD, never()), 10);
    assert.notEqual(await messages.find('m0'), null);
  });

  test('removes old messages in steps, oldest first, and no younger ones', async ({ cleanup, messages }) => {
    await saveMany(messages, 12);
    const steps: string[] = [];
    for (;;) {
      const ids = await cleanup.claim(OLD, 4, never());
      if (ids.length === 0) break;
      steps.push(ids.join(' '));
      assert.equal(await cleanup.removeClaimed(ids, never()), ids.length);
    }
    assert.deepEqual(steps, ['m0 m1 m2 m3', 'm4 m5 m6 m7', 'm8 m9']);
    const left = await messages.listConversation('conversation-1');
    assert.deepEqual(
      left.items.map((message) => message.messageId),
      ['m11', 'm10'],
    );
    assert.equal(await messages.findStatus('m0', 'ben'), null);
    assert.equal(await cleanup.count(OLD, never()), 0);
  });

  test('knows the age of a message by when it was received, not by what its sender claims', async (subject) => {
    const { cleanup, messages } = subject;
    const save = (messageId: string, createdMs: number, receivedMs: number): Promise<unknown> =>
      messages.save(aMessage({ messageId, createdAt: at(createdMs), receivedAt: at(receivedMs) }), never());
    await save('said to be old', -1e12, 10);
    await save('said to be new', 1e12, 9);
    await save('oldest', 3, 3);
    assert.equal(await cleanup.count(OLD, never()), 2);
    assert.deepEqual(await cleanup.claim(OLD, 9, never()), ['oldest', 'said to be new']);
  });

  test('passes over a conversation under legal hold', async ({ cleanup, messages, conversations }) => {
    await saveMany(messages, 4, (index) => (index % 2 === 0 ? 'held' : 'free'));
    await conversations.setLegalHold('held', true);
    assert.equal(await cleanup.count(OLD, never()), 2);
    assert.deepEqual(await cleanup.claim(OLD, 10, never()), ['m1', 'm3']);
    await conversations.setLegalHold('held', false);
    assert.equal(await cleanup.count(OLD, never()), 4);
  });
}

function declareClaims(test: ContractTest<CleanupStoreSubject>): void {
  test('hides what it has claimed', async ({ cleanup, messages }) => {
    await saveMany(messages, 12);
    await cleanup.claim(OLD, 4, never());
    assert.equal(await messages.find('m0'), null);
    assert.equal(await messages.findStatus('m0', 'ben'), null);
    assert.equal((await messages.listConversation('conversation-1')).items.length, 8);
    assert.equal((await messages.listPending('ben')).items[0]?.messageId, 'm4');
  });

  test('goes on with the claims of a run that crashed', async ({ cleanup, messages }) => {
    await saveMany(messages, 12);
    const claimed = await cleanup.claim(OLD, 2, never());
    assert.equal(await cleanup.count(OLD, never()), 10);
    assert.deepEqual(await cleanup.claim(OLD, 3, never()), [...claimed, 'm2']);
    assert.deepEqual(await cleanup.claim({ ...OLD, before: at(0) }, 9, never()), ['m0', 'm1', 'm2']);
  });

  test('gives back what it has claimed of a conversation that comes under legal hold', async (subject) => {
    const { cleanup, messages, conversations } = subject;
    await saveMany(messages, 4, (index) => (index % 2 === 0 ? 'held' : 'free'));
    const claimed = await cleanup.claim(OLD, 4, never());
    await conversations.setLegalHold('held', true);
    assert.notEqual(await messages.find('m0'), null);
    assert.equal(await messages.find('m1'), null);
    assert.equal(await cleanup.removeClaimed(claimed, never()), 2);
    assert.deepEqual(await cleanup.claim(OLD, 4, never()), []);
    assert.equal((await messages.listConversation('held')).items.length, 2);
    await conversations.setLegalHold('held', false);
    assert.deepEqual(await cleanup.claim(OLD, 4, never()), ['m0', 'm2']);
  });

  test('keeps the claims of other conversations, and when a hold is lifted', async (subject) => {
    const { cleanup, messages, conversations } = subject;
    await saveMany(messages, 2);
    await cleanup.claim(OLD, 2, never());
    await conversations.setLegalHold('other', true);
    await conversations.setLegalHold('conversation-1', false);
    assert.equal(await messages.find('m0'), null);
    assert.deepEqual(await cleanup.claim(OLD, 2, never()), ['m0', 'm1']);
  });

  test('removes only what is claimed, and only once', async ({ cleanup, messages }) => {
    await saveMany(messages, 12);
    assert.equal(await cleanup.removeClaimed(['m0', 'unknown'], never()), 0);
    assert.notEqual(await messages.find('m0'), null);
    await cleanup.claim(OLD, 2, never());
    assert.equal(await cleanup.removeClaimed(['m0', 'm1', 'm1', 'm2'], never()), 2);
    assert.equal(await cleanup.removeClaimed(['m0', 'm1'], never()), 0);
    assert.equal(await cleanup.removeClaimed([], never()), 0);
  });
}

function declareDeletedConversations(test: ContractTest<CleanupStoreSubject>): void {
  test('removes the messages of conversations that were deleted before', async (subject) => {
    const { cleanup, messages, conversations } = subject;
    await saveMany(messages, 6, (index) => ['early', 'late', 'alive'][index % 3] ?? '');
    await conversations.markDeleted('early', at(9));
    await conversations.markDeleted('late', at(10));
    assert.equal(await cleanup.count(DELETED, never()), 2);
    const ids = await cleanup.claim(DELETED, 10, never());
    assert.deepEqual(ids, ['m0', 'm3']);
    assert.equal(await cleanup.removeClaimed(ids, never()), 2);
  });

  test('removes what the deletion hides, and nothing of the life after it', async (subject) => {
    const { cleanup, messages, conversations } = subject;
    await saveMany(messages, 6);
    await conversations.markDeleted('conversation-1', at(3));
    assert.equal(await cleanup.count(DELETED, never()), 4);
    assert.equal(await cleanup.removeEmptyConversations(at(10), 10, never()), 0);
    const ids = await cleanup.claim(DELETED, 10, never());
    assert.deepEqual(ids, ['m0', 'm1', 'm2', 'm3']);
    assert.equal(await cleanup.removeEmptyConversations(at(10), 10, never()), 0);
    assert.equal(await cleanup.removeClaimed(ids, never()), 4);
    assert.equal(await cleanup.removeEmptyConversations(at(10), 10, never()), 1);
    assert.equal(await conversations.find('conversation-1'), null);
    assert.equal((await messages.listConversation('conversation-1')).items.length, 2);
    await conversations.markDeleted('conversation-1', at(4));
    assert.deepEqual(await cleanup.claim(DELETED, 10, never()), ['m4']);
  });
}

function declareMarks(test: ContractTest<CleanupStoreSubject>): void {
  test('removes marks only of conversations that are empty', async ({ cleanup, messages, conversations }) => {
    await messages.save(aMessage({ conversationId: 'full' }), never());
    for (const id of ['full', 'empty', 'held', 'late']) {
      await conversations.markDeleted(id, at(id === 'late' ? 10 : 5));
    }
    await conversations.setLegalHold('held', true);
    assert.equal(await cleanup.removeEmptyConversations(at(10), 10, never()), 1);
    assert.equal(await conversations.find('empty'), null);
    for (const id of ['full', 'held', 'late']) assert.notEqual(await conversations.find(id), null, id);
  });

  test('lists the deletions before a time, in steps, and none that is held', async (subject) => {
    const { cleanup, conversations } = subject;
    for (const [id, when] of [
      ['b', 1],
      ['a', 1],
      ['c', 0],
      ['late', 10],
      ['held', 2],
      ['d', 3],
    ] as const)
      await conversations.markDeleted(id, at(when));
    await conversations.setLegalHold('held', true);
    await conversations.setLegalHold('alive', false);
    const list = async (limit: number, after: Deletion | null) =>
      cleanup.listDeletions(at(10), limit, after, never());
    const first = await list(3, null);
    assert.deepEqual(first, [
      { conversationId: 'c', deletedAt: at(0) },
      { conversationId: 'a', deletedAt: at(1) },
      { conversationId: 'b', deletedAt: at(1) },
    ]);
    assert.deepEqual(await list(3, first[1] ?? null), [first[2], { conversationId: 'd', deletedAt: at(3) }]);
  });

  test('removes marks in steps', async ({ cleanup, conversations }) => {
    for (let index = 0; index < 5; index += 1) await conversations.markDeleted(`c${index}`, at(index));
    const steps: number[] = [];
    for (let step = 0; step < 4; step += 1) {
      steps.push(await cleanup.removeEmptyConversations(at(10), 2, never()));
    }
    assert.deepEqual(steps, [2, 2, 1, 0]);
  });
}

function declareRecalled(test: ContractTest<CleanupStoreSubject>): void {
  test('removes old notices of recalls, the limit at most, and no younger ones', async (subject) => {
    const { cleanup, messages } = subject;
    const notices = Array.from({ length: 6 }, (_, n) => ({
      ...{ messageId: `m${n}`, conversationId: 'c', recipientId: 'ben', recalledAt: at(n) },
    }));
    await messages.noteRecalled(notices, never());
    assert.equal(await cleanup.removeOldRecalls(at(4), 3, never()), 3);
    assert.equal(await cleanup.removeOldRecalls(at(4), 3, never()), 1);
    assert.equal(await cleanup.removeOldRecalls(at(4), 3, never()), 0);
    const { items } = await messages.listRecalled('ben');
    assert.deepEqual(
      items.map(({ messageId }) => messageId),
      ['m4', 'm5'],
    );
  });

  test('removes hidden messages like others, and none that a legal hold keeps', async (subject) => {
    const { cleanup, messages, conversations } = subject;
    await saveMany(messages, 2, (index) => `c${index}`);
    for (const id of ['m0', 'm1']) await messages.hide(id, never());
    await conversations.setLegalHold('c1', true);
    assert.deepEqual(await cleanup.claim(OLD, 10, never()), ['m0']);
    assert.equal(await cleanup.removeClaimed(['m0'], never()), 1);
    assert.equal(await messages.hide('m0', never()), null);
    assert.notEqual(await messages.hide('m1', never()), null);
    await conversations.setLegalHold('c1', false);
    assert.equal(await messages.find('m1'), null);
    assert.deepEqual(await cleanup.claim({ kind: 'message', messageId: 'm1' }, 10, never()), ['m1']);
  });
}
