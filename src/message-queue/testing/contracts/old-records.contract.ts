import assert from 'node:assert/strict';
import type { ContractTest } from './contract-runner.js';
import { at, never, rejectsWhenAborted } from './contract-values.js';

/** A store whose records are kept for a time only. */
export interface AgingStore {
  countOld(before: Date, signal: AbortSignal): Promise<number>;
  removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number>;
}

/** How the contract reaches such records. */
export interface OldRecordsAccess<T> {
  store(subject: T): AgingStore;
  /** Stores a record of that time. */
  put(subject: T, id: string, when: Date): Promise<unknown>;
  /** Ids of those that are there, of the ones that the test has put. */
  all(subject: T, ids: readonly string[]): Promise<readonly string[]>;
}

/** What a store owes whose records have a retention. */
export function declareOldRecords<T>(test: ContractTest<T>, access: OldRecordsAccess<T>): void {
  const ids = ['r3', 'r0', 'r4', 'r2', 'r1'];

  async function fill(subject: T): Promise<void> {
    for (const id of ids) await access.put(subject, id, at(Number(id.slice(1))));
  }

  test('counts old records, and changes nothing', async (subject) => {
    await fill(subject);
    assert.equal(await access.store(subject).countOld(at(3), never()), 3);
    assert.equal(await access.store(subject).countOld(at(0), never()), 0);
    assert.equal((await access.all(subject, ids)).length, 5);
  });

  test('removes the oldest first, as many at once as it may, and no younger ones', async (subject) => {
    await fill(subject);
    const aging = access.store(subject);
    assert.equal(await aging.removeOld(at(3), 2, never()), 2);
    assert.deepEqual([...(await access.all(subject, ids))].sort(), ['r2', 'r3', 'r4']);
    assert.equal(await aging.removeOld(at(3), 2, never()), 1);
    assert.equal(await aging.removeOld(at(3), 2, never()), 0);
    assert.deepEqual([...(await access.all(subject, ids))].sort(), ['r3', 'r4']);
  });

  test('removes no old record once it is aborted', async (subject) => {
    await fill(subject);
    await rejectsWhenAborted((signal) => access.store(subject).removeOld(at(3), 9, signal));
    assert.equal((await access.all(subject, ids)).length, 5);
  });
}
