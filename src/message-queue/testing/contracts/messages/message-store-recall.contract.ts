import assert from 'node:assert/strict';
import type { MessageStore, RecallNotice } from '../../../ports/messages/message-store.js';
import { InvalidCursorError } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { ContractTest } from '../contract-runner.js';
import { allPages, aMessage, at, AWKWARD_TEXT, never } from '../contract-values.js';

/** What a MessageStore does about messages that are recalled. */
export function declareRecall(test: ContractTest<MessageStore>): void {
  declareHiding(test);
  declareNotices(test);
  declareErasedNotices(test);
}

function declareHiding(test: ContractTest<MessageStore>): void {
  test('shows nobody a message that is hidden, and keeps all of it', async (store) => {
    await store.save(aMessage({ recipientId: 'ben' }), never());
    await store.save(aMessage({ recipientId: 'cleo' }), never());
    await store.save(aMessage({ messageId: 'message-2' }), never());
    await store.advanceStatus(
      { messageId: 'message-1', recipientId: 'cleo', status: 'read', at: at(5) },
      never(),
    );
    const whole = await store.find('message-1');
    assert.deepEqual(await store.hide('message-1', never()), whole);
    assert.equal(await store.find('message-1'), null);
    assert.equal(await store.findStatus('message-1', 'cleo'), null);
    const listed = await store.listConversation('conversation-1');
    assert.deepEqual(
      listed.items.map(({ messageId }) => messageId),
      ['message-2'],
    );
    const pending = await store.listPending('ben');
    assert.deepEqual(
      pending.items.map(({ messageId }) => messageId),
      ['message-2'],
    );
    assert.deepEqual(await store.hide('message-1', never()), whole);
    const asked = ['message-2', 'message-1', 'unknown'];
    assert.deepEqual(await store.hiddenAmong(asked, never()), ['message-1']);
    assert.deepEqual(await store.hiddenAmong([], never()), []);
  });

  test('hides no message that is unknown, and none of a similar id', async (store) => {
    await store.save(aMessage(), never());
    for (const id of ['message', 'MESSAGE-1', 'message-%', 'message-10'])
      assert.equal(await store.hide(id, never()), null);
    assert.notEqual(await store.find('message-1'), null);
  });

  test('still lists the conversations of those whose messages are hidden: an erasure looks there', async (store) => {
    await store.save(aMessage(), never());
    const before = await store.listConversationsOf('ben');
    await store.hide('message-1', never());
    assert.deepEqual(await store.listConversationsOf('ben'), before);
  });

  test('shows no hidden message again that is saved again', async (store) => {
    await store.save(aMessage(), never());
    await store.hide('message-1', never());
    await store.save(aMessage({ recipientId: 'cleo' }), never());
    assert.equal(await store.find('message-1'), null);
    assert.deepEqual((await store.listPending('cleo')).items, []);
  });
}

function aNotice(fields: Partial<RecallNotice> = {}): RecallNotice {
  const ids = { messageId: 'message-1', conversationId: 'conversation-1', recipientId: 'ben' };
  return { ...ids, recalledAt: at(1), ...fields };
}

function declareNotices(test: ContractTest<MessageStore>): void {
  test('keeps a notice until its recipient was told', async (store) => {
    const notice = aNotice({ conversationId: AWKWARD_TEXT });
    await store.noteRecalled([notice, aNotice({ recipientId: 'cleo' })], never());
    assert.deepEqual(await store.listRecalled('ben'), { items: [notice], nextCursor: null });
    await store.confirmRecalled('message-1', 'ben', never());
    await store.confirmRecalled('message-1', 'ben', never());
    assert.deepEqual((await store.listRecalled('ben')).items, []);
    assert.equal((await store.listRecalled('cleo')).items.length, 1);
    assert.deepEqual((await store.listRecalled('Cleo')).items, []);
  });

  test('keeps the first notice of a message and recipient', async (store) => {
    await store.noteRecalled([], never());
    await store.noteRecalled([aNotice()], never());
    await store.noteRecalled([aNotice({ recalledAt: at(9) })], never());
    assert.deepEqual((await store.listRecalled('ben')).items, [aNotice()]);
  });

  test('lists notices from the oldest on, page by page', async (store) => {
    const notices = Array.from({ length: 7 }, (_, n) =>
      aNotice({ messageId: `m-${n}`, recalledAt: at(10 - (n >> 1)) }),
    );
    await store.noteRecalled(notices, never());
    const pages = await allPages((page) => store.listRecalled('ben', page), 3);
    assert.deepEqual(
      pages.map((page) => page.map(({ messageId }) => messageId)),
      [['m-6', 'm-4', 'm-5'], ['m-2', 'm-3', 'm-0'], ['m-1']],
    );
    await assert.rejects(store.listRecalled('ben', { cursor: 'nonsense' }), InvalidCursorError);
  });

  test('keeps the notices of a whole crowd', async (store) => {
    const crowd = Array.from({ length: 2_500 }, (_, n) => aNotice({ recipientId: `r-${n}` }));
    await store.noteRecalled(crowd, never());
    for (const n of [0, 999, 1_000, 2_499])
      assert.equal((await store.listRecalled(`r-${n}`)).items.length, 1);
  });
}

function declareErasedNotices(test: ContractTest<MessageStore>): void {
  const targets: readonly (readonly [TraceTarget, number])[] = [
    [{ kind: 'conversation', conversationId: 'c-1' }, 2],
    [{ kind: 'deletions', deletions: [{ conversationId: 'c-1', deletedAt: aNotice({}).recalledAt }] }, 2],
    [{ kind: 'subject', subjectId: 'ben', exceptConversations: [] }, 2],
    [{ kind: 'subject', subjectId: 'ben', exceptConversations: ['c-1'] }, 1],
    // It outlives its message.
    [{ kind: 'messages', messageIds: ['m-1', 'm-2'] }, 0],
  ];
  test('counts and erases the notices of conversations and people', async (store) => {
    for (const [target, records] of targets) {
      await store.noteRecalled(
        [
          aNotice({ messageId: 'm-1', conversationId: 'c-1' }),
          aNotice({ messageId: 'm-1', conversationId: 'c-1', recipientId: 'cleo' }),
          aNotice({ messageId: 'm-2', conversationId: 'c-2' }),
        ],
        never(),
      );
      assert.equal(await store.countTraces(target, never()), records, JSON.stringify(target));
      assert.equal(await store.eraseTraces(target, 1, never()), Math.min(1, records));
      assert.equal(await store.eraseTraces(target, 10, never()), Math.max(0, records - 1));
      assert.equal(await store.countTraces(target, never()), 0);
    }
  });
}
