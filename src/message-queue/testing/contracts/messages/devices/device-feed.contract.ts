import assert from 'node:assert/strict';
import type { TraceTarget } from '../../../../ports/privacy/trace-holder.js';
import { declareContract } from '../../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../../contract-runner.js';
import { at, AWKWARD_TEXT, never, rejectsWhenAborted } from '../../contract-values.js';
import { declareDevices } from './device-feed-devices.contract.js';
import { advance, greet, listed, PHONE, sendTo } from './device-feed-subject.js';
import type { DeviceFeedSubject } from './device-feed-subject.js';

/** The contract of every DeviceFeed. @param create empty stores for each test, which belong together */
export function deviceFeedContract(create: CreateSubject<DeviceFeedSubject>, runner?: ContractRunner): void {
  declareContract('DeviceFeed', create, runner, (test) => {
    declareEntries(test);
    declareChanges(test);
    declareVisibility(test);
    declareDevices(test);
    declareDeviceTraces(test);
  });
}

function declareEntries(test: ContractTest<DeviceFeedSubject>): void {
  test('notes nothing for people without devices', async (stores) => {
    assert.equal(await sendTo(stores), null);
    assert.deepEqual(await stores.feed.list('ben', 0, 10, never()), {
      ...{ entries: [], position: 0, hasMore: false },
    });
  });

  test('gives a person one entry after the other, each with the next position, and each once', async (stores) => {
    const { position } = await stores.feed.greet({ personId: 'ben', deviceId: 'd1' }, null, at(0), never());
    // Old and new: the order is that in which they came.
    const fresh = { messageId: 'm-new', createdAt: at(50), content: AWKWARD_TEXT };
    const first = await sendTo(stores, fresh);
    const second = await sendTo(stores, { messageId: 'm-old', createdAt: at(1) });
    assert.deepEqual(first, { position: position + 1, isNew: true });
    assert.deepEqual(second, { position: position + 2, isNew: true });
    assert.deepEqual(await sendTo(stores, fresh), { position: position + 1, isNew: false });
    const page = await stores.feed.list('ben', position, 10, never());
    assert.deepEqual(
      page.entries.map((entry) => [entry.position, entry.messageId]),
      [
        [position + 1, 'm-new'],
        [position + 2, 'm-old'],
      ],
    );
    assert.deepEqual([page.position, page.hasMore], [position + 2, false]);
    assert.deepEqual(page.entries[0]?.message, await stores.messages.find('m-new'));
    assert.deepEqual(await listed(stores, position + 1), ['message m-old']);
    assert.deepEqual(await listed(stores, position, 'Ben'), []);
  });

  test('lists thousands page by page', async (stores) => {
    const { position } = await stores.feed.greet({ personId: 'ben', deviceId: 'd1' }, null, at(0), never());
    for (let n = 0; n < 25; n += 1) await sendTo(stores, { messageId: `m-${n}` });
    const got: string[] = [];
    let after = position;
    let pages = 0;
    for (let hasMore = true; hasMore; pages += 1) {
      const page = await stores.feed.list('ben', after, 10, never());
      got.push(...page.entries.map(({ messageId }) => messageId));
      ({ position: after, hasMore } = page);
    }
    assert.equal(pages, 3);
    assert.deepEqual(
      got,
      Array.from({ length: 25 }, (_, n) => `m-${n}`),
    );
  });
}

function declareChanges(test: ContractTest<DeviceFeedSubject>): void {
  test('gives many that note at once positions of their own, without gaps', async (stores) => {
    const { position } = await stores.feed.greet({ personId: 'ben', deviceId: 'd1' }, null, at(0), never());
    const places = await Promise.all(
      Array.from({ length: 12 }, (_, n) => sendTo(stores, { messageId: `m-${n}` })),
    );
    const positions = places.map((place) => place?.position ?? 0).sort((a, b) => a - b);
    assert.deepEqual(
      positions,
      Array.from({ length: 12 }, (_, n) => position + 1 + n),
    );
    const again = await Promise.all(Array.from({ length: 4 }, () => sendTo(stores, { messageId: 'twice' })));
    assert.equal(again.filter((place) => place?.isNew === true).length, 1);
  });

  test('moves what changes to the end: a status, a read, a recall', async (stores) => {
    const { position } = await stores.feed.greet({ personId: 'ben', deviceId: 'd1' }, null, at(0), never());
    await sendTo(stores);
    const ids = { personId: 'ben', messageId: 'message-1', conversationId: 'conversation-1', at: at(1) };
    for (const kind of ['status', 'read', 'recall', 'status'] as const)
      await stores.feed.note({ ...ids, kind }, never());
    assert.deepEqual(await listed(stores, position), [
      ...['message message-1', 'read message-1', 'recall message-1', 'status message-1'],
    ]);
    assert.deepEqual(await listed(stores, position + 4), ['status message-1']);
    const { entries } = await stores.feed.list('ben', position + 3, 10, never());
    assert.deepEqual(
      entries.map(({ message }) => message?.messageId ?? null),
      [null, 'message-1'],
    );
  });

  test('does nothing once it is aborted', async ({ feed }) => {
    const device = { personId: 'ben', deviceId: 'd1' };
    const ids = { messageId: 'message-1', conversationId: 'conversation-1' };
    await rejectsWhenAborted((signal) =>
      feed.note({ personId: 'ben', kind: 'recall', ...ids, at: at(0) }, signal),
    );
    await rejectsWhenAborted((signal) => feed.greet(device, null, at(0), signal));
    await rejectsWhenAborted((signal) => feed.list('ben', 0, 10, signal));
    await rejectsWhenAborted((signal) => feed.acknowledge([{ ...device, position: 1 }], at(0), signal));
    assert.deepEqual(await feed.listDevices('ben'), []);
  });
}

function declareVisibility(test: ContractTest<DeviceFeedSubject>): void {
  test('shows what users see: no message that was recalled, is being removed, is gone or in a deleted conversation', async (stores) => {
    const { feed, messages, conversations, cleanup } = stores;
    const { position } = await feed.greet({ personId: 'ben', deviceId: 'd1' }, null, at(0), never());
    for (const name of ['recalled', 'removed', 'gone', 'deleted', 'seen'])
      await sendTo(stores, { messageId: name, conversationId: `of-${name}` });
    await messages.hide('recalled', never());
    await cleanup.claim({ kind: 'message', messageId: 'removed' }, 10, never());
    await cleanup.claim({ kind: 'message', messageId: 'gone' }, 10, never());
    await cleanup.removeClaimed(['gone'], never());
    await conversations.markDeleted('of-deleted', at(1_000));
    assert.deepEqual(await listed(stores, position), ['message seen']);
    assert.equal(
      await sendTo(stores, { messageId: 'seen', conversationId: 'of-seen' }).then((place) => place?.isNew),
      false,
    );
    const ids = { messageId: 'never-stored', conversationId: 'c', at: at(0) };
    assert.equal(await feed.note({ personId: 'ben', kind: 'message', ...ids }, never()), null);
    // The position of the page is the end of the feed, whatever is hidden.
    assert.equal((await feed.list('ben', position, 10, never())).position, position + 5);
  });

  test('hides a message that failed after it had been noted, and gives it again when it is sent again', async (stores) => {
    const { position } = await stores.feed.greet({ personId: 'ben', deviceId: 'd1' }, null, at(0), never());
    await sendTo(stores, { messageId: 'failed' });
    await sendTo(stores, { messageId: 'next' });
    await advance(stores, 'failed', 'failed', 200);
    assert.deepEqual(await listed(stores, position), ['message next']);
    assert.deepEqual(await sendTo(stores, { messageId: 'failed' }, { at: at(300) }), {
      ...{ position: position + 3, isNew: true },
    });
    assert.deepEqual(await listed(stores, position), ['message next', 'message failed']);
  });
}

function declareDeviceTraces(test: ContractTest<DeviceFeedSubject>): void {
  async function seed(stores: DeviceFeedSubject): Promise<void> {
    const { position } = await greet(stores, PHONE);
    await greet(stores, { personId: 'cleo', deviceId: 'phone' });
    await sendTo(stores, { messageId: 'm-1', conversationId: 'c-1' });
    await sendTo(stores, { messageId: 'm-2', conversationId: 'c-2' });
    await sendTo(stores, { messageId: 'm-3', conversationId: 'c-1', recipientId: 'cleo' });
    const recall = { messageId: 'm-0', conversationId: 'c-1', at: at(1) };
    await stores.feed.note({ personId: 'ben', kind: 'recall', ...recall }, never());
    await stores.feed.acknowledge([{ ...PHONE, position: position + 3 }], at(2), never());
  }
  const subject = { kind: 'subject', subjectId: 'ben' } as const;
  const targets: readonly (readonly [TraceTarget, number])[] = [
    // Entry and receipt; a recall outlives its message.
    [{ kind: 'messages', messageIds: ['m-0', 'm-1', 'm-1', 'unknown'] }, 2],
    [{ kind: 'messages', messageIds: [] }, 0],
    [{ kind: 'conversation', conversationId: 'c-1' }, 3],
    // Three entries, two receipts, a device and the feed.
    [{ ...subject, exceptConversations: [] }, 7],
    [{ ...subject, exceptConversations: ['c-1'] }, 5],
    [{ kind: 'subject', subjectId: 'Ben', exceptConversations: [] }, 0],
  ];
  for (const [target, records] of targets) {
    test(`counts and erases what is of ${JSON.stringify(target)}`, async (stores) => {
      await seed(stores);
      const { feed } = stores;
      assert.equal(await feed.countTraces(target, never()), records);
      let erased = 0;
      for (;;) {
        const some = await feed.eraseTraces(target, 2, never());
        assert.ok(some <= 2);
        if (some === 0) break;
        erased += some;
      }
      // A device takes its receipts with it.
      assert.ok(erased <= records && erased >= Math.min(records, 1));
      assert.equal(await feed.countTraces(target, never()), 0);
      assert.ok((await listed(stores, 0, 'cleo')).length >= (target.kind === 'conversation' ? 0 : 1));
    });
  }

  test('keeps entries of a conversation under legal hold', async (stores) => {
    await seed(stores);
    await stores.conversations.setLegalHold('c-1', true);
    const target: TraceTarget = { kind: 'conversation', conversationId: 'c-1' };
    assert.equal(await stores.feed.countTraces(target, never()), 0);
    assert.equal(await stores.feed.eraseTraces(target, 10, never()), 0);
    assert.equal((await listed(stores, 0)).length, 3);
  });

  test('loses entries and receipts with their message', async (stores) => {
    await seed(stores);
    await stores.cleanup.claim({ kind: 'message', messageId: 'm-1' }, 1, never());
    await stores.cleanup.removeClaimed(['m-1'], never());
    assert.deepEqual(await listed(stores, 0), ['message m-2', 'recall m-0']);
  });
}
