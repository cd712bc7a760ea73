import assert from 'node:assert/strict';
import type {
  NotificationLedger,
  NotificationLedgerEntry,
} from '../../../ports/notifications/notification-ledger.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { at, never } from '../contract-values.js';
import { declareOldRecords } from '../old-records.contract.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

function anEntry(fields: Partial<NotificationLedgerEntry> = {}): NotificationLedgerEntry {
  return {
    ...{
      notificationId: 'n1',
      target: 'device-1',
      recipientId: 'ben',
      type: 'push',
      outcome: 'sent',
      at: at(0),
    },
    ...fields,
  };
}

/** The contract of every NotificationLedger. @param create an empty ledger for each test */
export function notificationLedgerContract(
  create: CreateSubject<NotificationLedger>,
  runner?: ContractRunner,
): void {
  declareContract('NotificationLedger', create, runner, (test) => {
    declareOldRecords(test, {
      store: (ledger) => ledger,
      put: (ledger, id, when) => ledger.record(anEntry({ notificationId: id, at: when }), never()),
      all: async (ledger, ids) => {
        const lines = await Promise.all(ids.map((id) => ledger.list(id)));
        return lines.flat().map(({ notificationId }) => notificationId);
      },
    });

    test('gives back what it was told', async (ledger) => {
      const entry = anEntry({ messageId: 'message-1', conversationId: 'conversation-1' });
      await ledger.record(entry, never());
      assert.deepEqual(await ledger.list('n1'), [entry]);
    });

    declareErasing(test);
    declareReports(test);

    test('keeps the first entry of each target', async (ledger) => {
      const second = anEntry({
        target: 'device-2',
        outcome: 'expired',
        reason: 'too late',
        providerId: 'p-9',
      });
      await ledger.record(anEntry(), never());
      await ledger.record(second, never());
      await ledger.record(anEntry({ outcome: 'unregistered', at: at(9) }), never());
      const entries = [...(await ledger.list('n1'))].sort((a, b) => (a.target < b.target ? -1 : 1));
      assert.deepEqual(entries, [anEntry(), second]);
    });

    test('keeps notifications apart', async (ledger) => {
      await ledger.record(anEntry(), never());
      await ledger.record(anEntry({ notificationId: 'n2', type: 'email', target: 'email' }), never());
      assert.deepEqual(await ledger.list('n2'), [
        anEntry({ notificationId: 'n2', type: 'email', target: 'email' }),
      ]);
      assert.deepEqual(await ledger.list('n3'), []);
    });

    test('records once when the same line comes many times at once', async (ledger) => {
      await Promise.all(Array.from({ length: 20 }, () => ledger.record(anEntry(), never())));
      assert.equal((await ledger.list('n1')).length, 1);
    });
  });
}

function declareReports(test: ContractTest<NotificationLedger>): void {
  test('notes what is reported later, whatever comes first', async (ledger) => {
    const email = anEntry({ target: 'email', type: 'email', providerId: 'p-1' });
    await ledger.record(email, never());
    await ledger.record(anEntry({ target: 'sms', type: 'sms', providerId: 'p-1' }), never());
    const delivered = { outcome: 'delivered', detail: null, at: at(3) } as const;
    const bounced = { outcome: 'bounced', detail: 'DSN 5.1.1', at: at(2) } as const;
    assert.equal(await ledger.report('email', 'p-1', delivered), true);
    assert.equal(await ledger.report('email', 'p-1', { ...delivered, at: at(4) }), false);
    assert.deepEqual(await ledger.findByProviderId('email', 'p-1'), { ...email, report: delivered });
    assert.equal(await ledger.report('email', 'p-1', bounced), true);
    assert.equal(await ledger.report('email', 'p-1', { ...delivered, at: at(9) }), false);
    assert.deepEqual(await ledger.findByProviderId('email', 'p-1'), { ...email, report: bounced });
    assert.equal((await ledger.findByProviderId('sms', 'p-1'))?.report, undefined);
    await ledger.record({ ...email, outcome: 'expired' }, never());
    assert.deepEqual(
      (await ledger.list('n1')).find(({ target }) => target === 'email'),
      { ...email, report: bounced },
    );
  });

  test('knows no other ids', async (ledger) => {
    await ledger.record(anEntry(), never());
    const delivered = { outcome: 'delivered', detail: null, at: at(3) } as const;
    assert.equal(await ledger.findByProviderId('push', 'p-1'), null);
    assert.equal(await ledger.report('push', 'p-1', delivered), false);
    assert.deepEqual(await ledger.list('n1'), [anEntry()]);
  });
}

function declareErasing(test: ContractTest<NotificationLedger>): void {
  declareTraces(test, {
    foundBy: ['messages', 'conversation', 'deletions', 'subject'],
    knowsConversations: true,
    holder: (ledger) => ledger,
    put: (ledger, { id, messageId, conversationId, subjectId, writtenAt }) =>
      ledger.record(
        anEntry({ notificationId: id, messageId, conversationId, recipientId: subjectId, at: writtenAt }),
        never(),
      ),
    has: async (ledger, { id }) => (await ledger.list(id)).length > 0,
  });

  test('erases lines one by one, also of one notification to several people', async (ledger) => {
    for (const target of ['device-1', 'device-2', 'device-3'])
      await ledger.record(anEntry({ target }), never());
    const theirs = anEntry({ target: 'device-4', recipientId: 'cleo' });
    await ledger.record(theirs, never());
    const ben = { kind: 'subject', subjectId: 'ben', exceptConversations: [] } as const;
    assert.equal(await ledger.countTraces(ben, never()), 3);
    assert.equal(await ledger.eraseTraces(ben, 2, never()), 2);
    assert.equal(await ledger.eraseTraces(ben, 2, never()), 1);
    assert.deepEqual(await ledger.list('n1'), [theirs]);
  });
}
