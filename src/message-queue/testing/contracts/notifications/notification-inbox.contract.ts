import assert from 'node:assert/strict';
import type { InboxEntry, NotificationInbox } from '../../../ports/notifications/notification-inbox.js';
import { InvalidCursorError } from '../../../ports/page.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { allPages, at, AWKWARD_TEXT, never } from '../contract-values.js';
import { declareOldRecords } from '../old-records.contract.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

function anEntry(fields: Partial<InboxEntry> = {}): Omit<InboxEntry, 'readAt'> {
  return {
    ...{ notificationId: 'n1', recipientId: 'ben', title: 'New message', body: AWKWARD_TEXT },
    ...{ messageId: 'message-1', conversationId: null, createdAt: at(0), ...fields },
  };
}

/** The contract of every NotificationInbox. @param create an empty inbox for each test */
export function notificationInboxContract(
  create: CreateSubject<NotificationInbox>,
  runner?: ContractRunner,
): void {
  declareContract('NotificationInbox', create, runner, (test) => {
    declareErasing(test);
    declareOldRecords(test, {
      store: (inbox) => inbox,
      put: (inbox, id, createdAt) => inbox.add(anEntry({ notificationId: id, createdAt }), never()),
      all: async (inbox) => (await inbox.list('ben')).items.map(({ notificationId }) => notificationId),
    });

    test('keeps the first of two entries with one id', async (inbox) => {
      assert.equal(await inbox.add(anEntry(), never()), 'added');
      assert.equal(await inbox.add(anEntry({ title: 'other', recipientId: 'cleo' }), never()), 'exists');
      assert.deepEqual((await inbox.list('ben')).items, [{ ...anEntry(), readAt: null }]);
      assert.deepEqual((await inbox.list('cleo')).items, []);
    });

    test('adds once when the same entry is added many times at once', async (inbox) => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => inbox.add(anEntry(), never())));
      assert.equal(outcomes.filter((outcome) => outcome === 'added').length, 1);
    });

    test('lists newest first, page by page', async (inbox) => {
      for (const index of [3, 0, 4, 1, 2]) {
        await inbox.add(
          anEntry({ notificationId: `n${index}`, createdAt: at(Math.floor(index / 2)) }),
          never(),
        );
      }
      const pages = await allPages((page) => inbox.list('ben', page), 2);
      const ids = pages.map((page) => page.map((entry) => entry.notificationId).join(' '));
      assert.deepEqual(ids, ['n4 n3', 'n2 n1', 'n0']);
      await assert.rejects(inbox.list('ben', { cursor: 'nonsense' }), InvalidCursorError);
    });

    test('keeps when an entry was read first', async (inbox) => {
      await inbox.add(anEntry({ messageId: null }), never());
      assert.equal(await inbox.markRead('ben', 'n1', at(1)), true);
      assert.equal(await inbox.markRead('ben', 'n1', at(2)), true);
      assert.deepEqual((await inbox.list('ben')).items, [{ ...anEntry({ messageId: null }), readAt: at(1) }]);
    });

    test('puts no reading before the entry was made', async (inbox) => {
      await inbox.add(anEntry({ messageId: null, createdAt: at(5) }), never());
      await inbox.markRead('ben', 'n1', at(2));
      assert.deepEqual((await inbox.list('ben')).items[0]?.readAt, at(5));
    });

    test("marks no one else's entry as read", async (inbox) => {
      await inbox.add(anEntry(), never());
      assert.equal(await inbox.markRead('cleo', 'n1', at(1)), false);
      assert.equal(await inbox.markRead('ben', 'n2', at(1)), false);
      assert.equal((await inbox.list('ben')).items[0]?.readAt, null);
    });
  });
}

function declareErasing(test: ContractTest<NotificationInbox>): void {
  declareTraces(test, {
    foundBy: ['messages', 'conversation', 'deletions', 'subject'],
    knowsConversations: true,
    holder: (inbox) => inbox,
    put: (inbox, { id, messageId, conversationId, subjectId, writtenAt }) =>
      inbox.add(
        anEntry({
          notificationId: id,
          messageId,
          conversationId,
          recipientId: subjectId,
          createdAt: writtenAt,
        }),
        never(),
      ),
    has: async (inbox, { id, subjectId }) =>
      (await inbox.list(subjectId)).items.some(({ notificationId }) => notificationId === id),
  });

  test('erases what it told several people of a message, and nothing of no message', async (inbox) => {
    for (const recipientId of ['ana', 'ben', 'cleo'])
      await inbox.add(anEntry({ notificationId: `to ${recipientId}`, recipientId }), never());
    await inbox.add(anEntry({ notificationId: 'of none', messageId: null }), never());
    const target = { kind: 'messages', messageIds: ['message-1'] } as const;
    assert.equal(await inbox.countTraces(target, never()), 3);
    assert.equal(await inbox.eraseTraces(target, 2, never()), 2);
    assert.equal(await inbox.eraseTraces(target, 2, never()), 1);
    assert.deepEqual(
      (await inbox.list('ben')).items.map(({ notificationId }) => notificationId),
      ['of none'],
    );
  });
}
