import assert from 'node:assert/strict';
import { advancesStatus, DeliveryStatus } from '../../../ports/messages/delivery-status.js';
import type { MessageStore, StatusChange } from '../../../ports/messages/message-store.js';
import { InvalidCursorError } from '../../../ports/page.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { declarePeople } from './message-store-people.contract.js';
import { declareRecall } from './message-store-recall.contract.js';
import { declareSaving } from './message-store-saving.contract.js';
import { allPages, aMessage, at, never } from '../contract-values.js';

type Step = StatusChange['status'];
const STEPS: readonly Step[] = ['sent', 'delivered', 'read', 'failed'];
const COPY = { messageId: 'message-1', recipientId: 'ben' } as const;

/** The contract of every MessageStore. @param create an empty store for each test */
export function messageStoreContract(create: CreateSubject<MessageStore>, runner?: ContractRunner): void {
  declareContract('MessageStore', create, runner, (test) => {
    declareSaving(test);
    declareStatus(test);
    declareTransitions(test);
    declareRaces(test);
    declareLists(test);
    declareCursorsAndCounts(test);
    declarePeople(test);
    declareRecall(test);
  });
}

function declareStatus(test: ContractTest<MessageStore>): void {
  test('notes when each status was reached', async (store) => {
    await store.save(aMessage(), never());
    for (const [index, status] of (['sent', 'delivered', 'read'] as const).entries()) {
      assert.equal(await store.advanceStatus({ ...COPY, status, at: at(index) }, never()), 'advanced');
    }
    assert.deepEqual(await store.findStatus('message-1', 'ben'), {
      ...{ ...COPY, status: 'read', sentAt: at(0), deliveredAt: at(1), readAt: at(2) },
      ...{ failedAt: null, failureReason: null },
    });
  });

  test('never goes back, but notes the time of a late step', async (store) => {
    await store.save(aMessage(), never());
    await store.advanceStatus({ ...COPY, status: 'read', at: at(9) }, never());
    assert.equal(await store.advanceStatus({ ...COPY, status: 'sent', at: at(1) }, never()), 'unchanged');
    const status = await store.findStatus('message-1', 'ben');
    assert.deepEqual([status?.status, status?.sentAt, status?.readAt], ['read', at(1), at(9)]);
  });

  test('keeps the first time of a status that is reported twice', async (store) => {
    await store.save(aMessage(), never());
    await store.advanceStatus({ ...COPY, status: 'delivered', at: at(1) }, never());
    assert.equal(
      await store.advanceStatus({ ...COPY, status: 'delivered', at: at(5) }, never()),
      'unchanged',
    );
    assert.deepEqual((await store.findStatus('message-1', 'ben'))?.deliveredAt, at(1));
  });

  test('keeps why a message failed, in 500 characters', async (store) => {
    await store.save(aMessage(), never());
    const reason = 'x'.repeat(600);
    await store.advanceStatus({ ...COPY, status: 'failed', at: at(1), reason }, never());
    const status = await store.findStatus('message-1', 'ben');
    assert.deepEqual([status?.failedAt, status?.failureReason], [at(1), reason.slice(0, 500)]);
  });

  test('gives no reason to a message that has arrived', async (store) => {
    await store.save(aMessage(), never());
    await store.advanceStatus({ ...COPY, status: 'delivered', at: at(1) }, never());
    await store.advanceStatus({ ...COPY, status: 'failed', at: at(2), reason: 'late' }, never());
    const status = await store.findStatus('message-1', 'ben');
    assert.deepEqual([status?.status, status?.failureReason], ['delivered', null]);
  });

  test('lets a message that failed wait again', async (store) => {
    await store.save(aMessage(), never());
    await store.advanceStatus({ ...COPY, status: 'failed', at: at(1), reason: 'away' }, never());
    assert.deepEqual((await store.listPending('ben')).items, []);
    assert.equal(await store.advanceStatus({ ...COPY, status: 'pending', at: at(2) }, never()), 'advanced');
    assert.deepEqual((await store.listPending('ben')).items, [aMessage()]);
    const status = await store.findStatus('message-1', 'ben');
    assert.deepEqual([status?.status, status?.sentAt, status?.failedAt], ['pending', null, at(1)]);
  });

  test('says "unknown" of a copy that is not there', async (store) => {
    await store.save(aMessage(), never());
    for (const copy of [
      { ...COPY, recipientId: 'cleo' },
      { ...COPY, messageId: 'message-2' },
    ]) {
      assert.equal(await store.advanceStatus({ ...copy, status: 'sent', at: at(1) }, never()), 'unknown');
    }
  });
}

function declareTransitions(test: ContractTest<MessageStore>): void {
  for (const from of Object.values(DeliveryStatus)) {
    for (const next of Object.values(DeliveryStatus)) {
      test(`decides ${from} → ${next} as advancesStatus does`, async (store) => {
        for (const [index, ms] of [99, 100, 101].entries()) {
          const copy = { messageId: `message-${index}`, recipientId: 'ben' };
          await store.save(aMessage({ ...copy, createdAt: at(100) }), never());
          if (from !== 'pending') await store.advanceStatus({ ...copy, status: from, at: at(100) }, never());
          const advances = advancesStatus({ status: from, at: at(100) }, { status: next, at: at(ms) });
          const outcome = await store.advanceStatus({ ...copy, status: next, at: at(ms) }, never());
          assert.equal(outcome, advances ? 'advanced' : 'unchanged', `${ms - 100} ms after`);
          const status = await store.findStatus(copy.messageId, 'ben');
          assert.equal(status?.status, advances ? next : from, `${ms - 100} ms after`);
        }
      });
    }
  }
}

function declareRaces(test: ContractTest<MessageStore>): void {
  test('saves once when the same message is saved many times at once', async (store) => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.save(aMessage(), never())));
    assert.equal(outcomes.filter((outcome) => outcome === 'saved').length, 1);
  });

  test('advances once when the same step comes many times at once', async (store) => {
    await store.save(aMessage(), never());
    const change = { ...COPY, status: 'delivered', at: at(1) } as const;
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => store.advanceStatus(change, never())),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'advanced').length, 1);
  });

  test('ends at the furthest step, whatever the order in which steps arrive', async (store) => {
    const ids = Array.from({ length: 12 }, (_, index) => `message-${index}`);
    for (const messageId of ids) await store.save(aMessage({ messageId }), never());
    await Promise.all(
      ids.flatMap((messageId, index) =>
        [...STEPS.slice(index % 4), ...STEPS.slice(0, index % 4)].map((status) =>
          store.advanceStatus({ ...COPY, messageId, status, at: at(1) }, never()),
        ),
      ),
    );
    for (const messageId of ids) assert.equal((await store.findStatus(messageId, 'ben'))?.status, 'read');
  });
}

function numbersOf(page: readonly { readonly messageId: string }[]): string {
  return page.map(({ messageId }) => messageId.replace('message-', '')).join('');
}

function declareLists(test: ContractTest<MessageStore>): void {
  const saveMany = async (store: MessageStore, count: number): Promise<void> => {
    // Two and two at the same time; not in the order in which they are listed.
    for (const index of Array.from({ length: count }, (_, n) => (n * 3) % count)) {
      const messageId = `message-${index}`;
      await store.save(aMessage({ messageId, createdAt: at(Math.floor(index / 2)) }), never());
    }
  };

  test('lists a conversation newest first, by id within a moment', async (store) => {
    await saveMany(store, 7);
    await store.save(aMessage({ messageId: 'elsewhere', conversationId: 'conversation-2' }), never());
    const pages = await allPages((page) => store.listConversation('conversation-1', page), 3);
    const ids = pages.map(numbersOf);
    assert.deepEqual(ids, ['654', '321', '0']);
  });

  test('does not repeat or skip when messages arrive between two pages', async (store) => {
    await saveMany(store, 4);
    const first = await store.listConversation('conversation-1', { limit: 2 });
    const cursor = first.nextCursor ?? undefined;
    await store.save(aMessage({ messageId: 'message-9', createdAt: at(99) }), never());
    const second = await store.listConversation('conversation-1', { limit: 2, cursor });
    const ids = [...first.items, ...second.items].map((message) => message.messageId);
    assert.deepEqual(ids, ['message-3', 'message-2', 'message-1', 'message-0']);
    assert.equal(second.nextCursor, null);
  });

  test('lists what waits for a recipient, oldest first', async (store) => {
    await saveMany(store, 7);
    await store.save(aMessage({ messageId: 'other', recipientId: 'cleo' }), never());
    await store.advanceStatus({ ...COPY, messageId: 'message-3', status: 'sent', at: at(1) }, never());
    const pages = await allPages((page) => store.listPending('ben', page), 4);
    const ids = pages.map(numbersOf);
    assert.deepEqual(ids, ['0124', '56']);
    assert.deepEqual(pages[0]?.[0], aMessage({ messageId: 'message-0' }));
  });
}

function declareCursorsAndCounts(test: ContractTest<MessageStore>): void {
  test('refuses a cursor that it did not make', async (store) => {
    // 'MToA' is `1:\0`, and PostgreSQL takes no NUL.
    for (const cursor of ['', 'nonsense', 'MQ', 'MToA', "1:'; DROP"]) {
      await assert.rejects(store.listConversation('conversation-1', { cursor }), InvalidCursorError);
      await assert.rejects(store.listPending('ben', { cursor }), InvalidCursorError);
    }
  });

  test("counts a batch's recipients by status", async (store) => {
    const none = { pending: 0, sent: 0, delivered: 0, read: 0, failed: 0 };
    assert.deepEqual(await store.countBatch('batch-1'), none);
    for (const [index, status] of [null, ...STEPS, 'read' as const].entries()) {
      const copy = { messageId: `message-${index}`, recipientId: `recipient-${index}` };
      await store.save(aMessage({ ...copy, batchId: 'batch-1' }), never());
      if (status !== null) await store.advanceStatus({ ...copy, status, at: at(1) }, never());
    }
    await store.save(aMessage({ messageId: 'other', batchId: 'batch-2' }), never());
    assert.deepEqual(await store.countBatch('batch-1'), {
      pending: 1,
      sent: 1,
      delivered: 1,
      read: 2,
      failed: 1,
    });
  });
}
