import assert from 'node:assert/strict';
import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { DataKeyStore, DestroyRequest, NewDataKey } from '../../../ports/privacy/data-key-store.js';
import type { Tombstone } from '../../../ports/privacy/tombstone.js';
import { declareErasures } from './data-key-store-erasures.contract.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { allPages, at, rejectsWhenAborted } from '../contract-values.js';

/** A DataKeyStore and the ConversationStore whose legal holds it honours. */
export interface DataKeyStoreSubject {
  readonly keys: DataKeyStore;
  readonly conversations: ConversationStore;
}

function aKey(fields: Partial<NewDataKey> = {}): NewDataKey {
  return {
    ...{ keyId: 'key-1', scopeHash: 'scope-1', generation: 1 },
    ...{ wrapped: 'envelope-1', ringKeyId: 'ring-1', createdAt: at(0), ...fields },
  };
}

function aRequest(fields: Partial<DestroyRequest> = {}): DestroyRequest {
  return { scopeHash: 'scope-1', conversationId: 'c-1', at: at(9), receiptId: 'receipt-1', ...fields };
}

function aTombstone(fields: Partial<Tombstone> = {}): Tombstone {
  return {
    kind: 'subject',
    hash: 'hash-1',
    at: at(1),
    receiptId: 'receipt-1',
    ...fields,
  };
}

/** The contract of every DataKeyStore. @param create empty stores over the same data for each test */
export function dataKeyStoreContract(
  create: CreateSubject<DataKeyStoreSubject>,
  runner?: ContractRunner,
): void {
  declareContract('DataKeyStore', create, runner, (test) => {
    declareKeeping(test);
    declareRewrapping(test);
    declareDestroying(test);
    declareNoReturn(test);
    declareTombstones(test);
    declareErasures(test);
  });
}

function declareKeeping(test: ContractTest<DataKeyStoreSubject>): void {
  test('gives back a key by its scope and by its id', async ({ keys }) => {
    assert.equal(await keys.current('scope-1'), null);
    assert.equal(await keys.byId('key-1'), null);
    const stored = { ...aKey(), destroyedAt: null };
    assert.deepEqual(await keys.add(aKey()), stored);
    assert.deepEqual(await keys.current('scope-1'), stored);
    assert.deepEqual(await keys.byId('key-1'), stored);
    assert.equal(await keys.current('scope-2'), null);
  });

  test('keeps every generation and seals with the newest', async ({ keys }) => {
    for (const generation of [1, 2, 10]) await keys.add(aKey({ keyId: `key-${generation}`, generation }));
    assert.equal((await keys.current('scope-1'))?.keyId, 'key-10');
    assert.equal((await keys.byId('key-1'))?.generation, 1);
    const late = await keys.add(aKey({ keyId: 'late', generation: 9 }));
    assert.equal(late?.keyId, 'key-10');
    assert.equal(await keys.byId('late'), null);
  });

  test('stores one key when several are added at once', async ({ keys }) => {
    const ids = Array.from({ length: 12 }, (_, index) => `key-${index}`);
    const added = await Promise.all(ids.map((keyId) => keys.add(aKey({ keyId }))));
    const [first] = added;
    assert.ok(first);
    for (const record of added) assert.deepEqual(record, first);
    const stored = await Promise.all(ids.map((keyId) => keys.byId(keyId)));
    assert.equal(stored.filter((record) => record !== null).length, 1);
  });

  test('rejects with the reason of an aborted signal', async ({ keys }) => {
    await rejectsWhenAborted((signal) => keys.current('scope-1', signal));
    await rejectsWhenAborted((signal) => keys.byId('key-1', signal));
    await rejectsWhenAborted((signal) => keys.add(aKey(), signal));
    await rejectsWhenAborted((signal) => keys.destroy(aRequest(), signal));
    assert.equal(await keys.current('scope-1'), null);
  });
}

function declareRewrapping(test: ContractTest<DataKeyStoreSubject>): void {
  test('puts a new envelope only in the place of the one it was made from', async ({ keys }) => {
    await keys.add(aKey());
    const next = { wrapped: 'envelope-2', ringKeyId: 'ring-2' };
    assert.equal(await keys.rewrap('key-1', 'another', next), false);
    assert.equal(await keys.rewrap('key-2', 'envelope-1', next), false);
    assert.equal(await keys.rewrap('key-1', 'envelope-1', next), true);
    assert.equal(await keys.rewrap('key-1', 'envelope-1', { ...next, wrapped: 'late' }), false);
    assert.deepEqual(await keys.byId('key-1'), { ...aKey(next), destroyedAt: null });
  });

  test('lets one of two rewrap a key at the same time', async ({ keys }) => {
    await keys.add(aKey());
    const tries = ['a', 'b', 'c', 'd'].map((wrapped) =>
      keys.rewrap('key-1', 'envelope-1', { wrapped, ringKeyId: 'ring-2' }),
    );
    assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
  });

  test('lists and counts what each ring key wraps, destroyed keys aside', async ({ keys }) => {
    for (const number of [1, 2, 3, 4, 5, 6, 7]) {
      const ringKeyId = number > 5 ? 'ring-2' : number > 4 ? 'ring-3' : 'ring-1';
      await keys.add(aKey({ keyId: `key-${number}`, scopeHash: `scope-${number}`, ringKeyId }));
    }
    await keys.destroy(aRequest({ scopeHash: 'scope-1', conversationId: null }));
    const counts = (await keys.countByRingKey()).map(({ ringKeyId, keys: count }) => [ringKeyId, count]);
    assert.deepEqual(Object.fromEntries(counts), { 'ring-1': 3, 'ring-2': 2, 'ring-3': 1 });
    const pages = await allPages((page) => keys.listNotWrappedBy('ring-2', page), 3);
    const ids = pages.map((page) => page.map((record) => record.keyId));
    assert.deepEqual(ids, [['key-2', 'key-3', 'key-4'], ['key-5']]);
  });
}

function declareDestroying(test: ContractTest<DataKeyStoreSubject>): void {
  test('destroys every generation of a scope, and of no other', async ({ keys }) => {
    await keys.add(aKey());
    await keys.add(aKey({ keyId: 'key-2', generation: 2 }));
    await keys.add(aKey({ keyId: 'key-3', scopeHash: 'scope-2' }));
    assert.deepEqual(await keys.destroy(aRequest()), { outcome: 'destroyed', keys: 2 });
    for (const keyId of ['key-1', 'key-2']) {
      const record = await keys.byId(keyId);
      assert.deepEqual([record?.wrapped, record?.destroyedAt], [null, at(9)]);
    }
    assert.equal((await keys.current('scope-1'))?.keyId, 'key-2');
    assert.equal((await keys.byId('key-3'))?.wrapped, 'envelope-1');
  });

  test('writes the tombstone with it, and changes nothing the second time', async ({ keys }) => {
    await keys.add(aKey());
    await keys.destroy(aRequest());
    const tombstone = aTombstone({ kind: 'conversation', hash: 'scope-1', at: at(9) });
    assert.deepEqual(await keys.findTombstones(['scope-1']), [tombstone]);
    const again = await keys.destroy(aRequest({ at: at(99), receiptId: 'receipt-2' }));
    assert.deepEqual(again, { outcome: 'destroyed', keys: 0 });
    assert.deepEqual(await keys.findTombstones(['scope-1']), [tombstone]);
    assert.deepEqual((await keys.byId('key-1'))?.destroyedAt, at(9));
  });

  test('changes nothing in a conversation under legal hold', async ({ keys, conversations }) => {
    await keys.add(aKey());
    await conversations.setLegalHold('c-1', true);
    assert.deepEqual(await keys.destroy(aRequest()), { outcome: 'held' });
    assert.deepEqual(await keys.byId('key-1'), { ...aKey(), destroyedAt: null });
    assert.deepEqual(await keys.findTombstones(['scope-1']), []);
    const repeated = await keys.destroy(aRequest({ scopeHash: 'scope-2', conversationId: null }));
    assert.deepEqual(repeated, { outcome: 'destroyed', keys: 0 });
    await conversations.setLegalHold('c-1', false);
    assert.deepEqual(await keys.destroy(aRequest()), { outcome: 'destroyed', keys: 1 });
  });
}

function declareNoReturn(test: ContractTest<DataKeyStoreSubject>): void {
  test('stores no key after the tombstone of its scope, not even the first one', async ({ keys }) => {
    await keys.destroy(aRequest());
    assert.equal(await keys.add(aKey()), null);
    assert.equal(await keys.byId('key-1'), null);
    await keys.add(aKey({ keyId: 'key-2', scopeHash: 'scope-2' }));
    await keys.destroy(aRequest({ scopeHash: 'scope-2' }));
    assert.equal(await keys.add(aKey({ keyId: 'key-3', scopeHash: 'scope-2', generation: 2 })), null);
    await keys.addTombstone(aTombstone({ hash: 'scope-3' }));
    assert.equal(await keys.add(aKey({ keyId: 'key-4', scopeHash: 'scope-3' })), null);
  });

  test('leaves no key that opens when keys are added while their scope is destroyed', async ({ keys }) => {
    for (let round = 0; round < 8; round += 1) {
      const scopeHash = `scope-${round}`;
      const add = (index: number) => {
        return keys.add(aKey({ keyId: `key-${round}-${index}`, scopeHash, generation: index + 1 }));
      };
      const work = [add(0), add(1), keys.destroy(aRequest({ scopeHash })), add(2), add(3)];
      await Promise.all(work);
      assert.equal((await keys.current(scopeHash))?.wrapped ?? null, null);
    }
    assert.deepEqual(await keys.countByRingKey(), []);
  });

  test('rewraps no key that was destroyed', async ({ keys }) => {
    await keys.add(aKey());
    await keys.destroy(aRequest());
    assert.equal(await keys.rewrap('key-1', 'envelope-1', { wrapped: 'new', ringKeyId: 'ring-2' }), false);
    assert.equal((await keys.byId('key-1'))?.wrapped, null);
  });
}

function declareTombstones(test: ContractTest<DataKeyStoreSubject>): void {
  test('keeps the first tombstone of a hash', async ({ keys }) => {
    assert.deepEqual(await keys.findTombstones(['hash-1']), []);
    assert.deepEqual(await keys.addTombstone(aTombstone()), aTombstone());
    const second = aTombstone({ receiptId: 'receipt-2', at: at(5) });
    assert.deepEqual(await keys.addTombstone(second), aTombstone());
    await keys.addTombstone(aTombstone({ kind: 'message', hash: 'hash-2', at: at(2) }));
    const found = await keys.findTombstones(['hash-2', 'unknown', 'hash-1', 'hash-1']);
    const hashes = found.map(({ hash }) => hash).sort();
    assert.deepEqual(hashes, ['hash-1', 'hash-2']);
    assert.deepEqual(await keys.findTombstones([]), []);
  });

  test('lists tombstones, the oldest first', async ({ keys }) => {
    for (const number of [3, 1, 2, 5, 4])
      await keys.addTombstone(aTombstone({ hash: `hash-${number}`, at: at(Math.ceil(number / 2)) }));
    const pages = await allPages((page) => keys.listTombstones(page), 2);
    assert.deepEqual(
      pages.map((page) => page.map(({ hash }) => hash)),
      [['hash-1', 'hash-2'], ['hash-3', 'hash-4'], ['hash-5']],
    );
    assert.deepEqual(pages[2], [aTombstone({ hash: 'hash-5', at: at(3) })]);
  });

  test('knows when the newest one was written', async ({ keys }) => {
    assert.equal(await keys.newestTombstoneAt(), null);
    await keys.addTombstone(aTombstone({ at: at(7) }));
    await keys.addTombstone(aTombstone({ hash: 'hash-2', at: at(3) }));
    assert.deepEqual(await keys.newestTombstoneAt(), at(7));
  });
}
