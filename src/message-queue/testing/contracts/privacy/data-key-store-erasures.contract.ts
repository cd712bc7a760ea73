import assert from 'node:assert/strict';
import type { DataKeyStore } from '../../../ports/privacy/data-key-store.js';
import type { ErasureRecord } from '../../../ports/privacy/tombstone.js';
import { InvalidCursorError } from '../../../ports/page.js';
import type { ContractTest } from '../contract-runner.js';
import { allPages, at, AWKWARD_TEXT, rejectsWhenAborted } from '../contract-values.js';

interface Subject {
  readonly keys: DataKeyStore;
}

function anErasure(fields: Partial<ErasureRecord> = {}): ErasureRecord {
  return {
    ...{
      receiptId: 'receipt-1',
      kind: 'subject',
      hash: 'hash-1',
      targetId: 'ana',
      by: 'dora',
      reason: 'art-17',
    },
    ...{
      at: at(1),
      state: 'incomplete',
      holders: [],
      held: [],
      keysDestroyed: 0,
      keysDestroyedAt: null,
      recall: null,
      ...fields,
    },
  };
}

/** What a DataKeyStore keeps of erasures. */
export function declareErasures(test: ContractTest<Subject>): void {
  test('gives back an erasure by its hash and by its receipt', async ({ keys }) => {
    assert.equal(await keys.findErasure('hash-1'), null);
    assert.equal(await keys.findReceipt('receipt-1'), null);
    const whole = anErasure({
      ...{
        targetId: AWKWARD_TEXT,
        by: AWKWARD_TEXT,
        state: 'held',
        keysDestroyed: 3,
        keysDestroyedAt: at(7),
        recall: { hadIt: 4, told: 2 },
      },
      holders: [
        { name: 'search documents', found: 5, removed: 3, left: 2 },
        { name: AWKWARD_TEXT, found: 0, removed: 0, left: 0 },
      ],
      held: [{ conversationId: AWKWARD_TEXT, records: 7 }],
    });
    assert.deepEqual(await keys.saveErasure(whole), whole);
    assert.deepEqual(await keys.findErasure('hash-1'), whole);
    assert.deepEqual(await keys.findReceipt('receipt-1'), whole);
    const bare = anErasure({ receiptId: 'receipt-2', hash: 'hash-2', targetId: null, reason: null });
    await keys.saveErasure(bare);
    assert.deepEqual(await keys.findErasure('hash-2'), bare);
  });

  test('puts what a receipt says in the place of what it said before', async ({ keys }) => {
    await keys.saveErasure(anErasure({ held: [{ conversationId: 'c-1', records: 7 }] }));
    const done = anErasure({
      ...{ targetId: null, state: 'done', keysDestroyed: 2 },
      holders: [{ name: 'contacts', found: 1, removed: 1, left: 0 }],
    });
    assert.deepEqual(await keys.saveErasure(done), done);
    assert.deepEqual(await keys.findErasure('hash-1'), done);
    assert.deepEqual((await keys.listErasures('incomplete')).items, []);
    assert.deepEqual((await keys.listErasures('done')).items, [done]);
  });

  declareOrder(test);
  declareWithdrawal(test);

  test('keeps one erasure of a hash: that of the receipt that came first', async ({ keys }) => {
    const receipts = Array.from({ length: 8 }, (_, index) => anErasure({ receiptId: `receipt-${index}` }));
    const kept = await Promise.all(receipts.map((erasure) => keys.saveErasure(erasure)));
    const [first] = kept;
    assert.ok(first);
    for (const erasure of kept) assert.deepEqual(erasure, first);
    for (const { receiptId } of receipts) {
      const found = await keys.findReceipt(receiptId);
      assert.deepEqual(found, receiptId === first.receiptId ? first : null);
    }
    const other = anErasure({ receiptId: 'receipt-9', state: 'done' });
    assert.deepEqual(await keys.saveErasure(other), first);
    assert.deepEqual(await keys.findErasure('hash-1'), first);
  });
}

function declareOrder(test: ContractTest<Subject>): void {
  test('lists erasures by their state, the oldest first', async ({ keys }) => {
    for (const number of [3, 1, 2, 5, 4]) {
      const state = number === 5 ? 'held' : 'incomplete';
      const ids = { receiptId: `receipt-${number}`, hash: `hash-${number}` };
      await keys.saveErasure(anErasure({ ...ids, state, at: at(number) }));
    }
    const pages = await allPages((page) => keys.listErasures('incomplete', page), 3);
    assert.deepEqual(
      pages.map((page) => page.map(({ receiptId }) => receiptId)),
      [['receipt-1', 'receipt-2', 'receipt-3'], ['receipt-4']],
    );
    assert.equal((await keys.listErasures('held')).items.length, 1);
    await assert.rejects(keys.listErasures('held', { cursor: 'nonsense' }), InvalidCursorError);
  });
}

function declareWithdrawal(test: ContractTest<Subject>): void {
  test('forgets an erasure that is withdrawn, and no other', async ({ keys }) => {
    const other = anErasure({ receiptId: 'receipt-2', hash: 'hash-2' });
    await keys.saveErasure(anErasure());
    await keys.saveErasure(other);
    await keys.withdrawErasure('receipt-1');
    await keys.withdrawErasure('receipt-1');
    assert.equal(await keys.findErasure('hash-1'), null);
    assert.equal(await keys.findReceipt('receipt-1'), null);
    assert.deepEqual((await keys.listErasures('incomplete')).items, [other]);
    const anew = anErasure({ receiptId: 'receipt-3' });
    assert.deepEqual(await keys.saveErasure(anew), anew);
  });

  test('saves and withdraws no erasure once its signal has aborted', async ({ keys }) => {
    await rejectsWhenAborted((signal) => keys.saveErasure(anErasure(), signal));
    assert.equal(await keys.findErasure('hash-1'), null);
    const kept = await keys.saveErasure(anErasure());
    await rejectsWhenAborted((signal) => keys.withdrawErasure(kept.receiptId, signal));
    assert.deepEqual(await keys.findErasure('hash-1'), kept);
  });
}
