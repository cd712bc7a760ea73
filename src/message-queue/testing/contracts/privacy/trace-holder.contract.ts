import assert from 'node:assert/strict';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { never, rejectsWhenAborted } from '../contract-values.js';
import { declareKeptTraces } from './kept-traces.contract.js';
import { eraseAll, expectLeft, expectThere, putAll } from './trace-access.js';
import type { TraceAccess } from './trace-access.js';
import { ALIKE, aRecord, ID_OF, KINDS, sharedBy, targetOf } from './trace-records.js';
import type { TraceRecord } from './trace-records.js';

/**
 * The contract of every TraceHolder. Those of our ports are held to it by the contracts of their ports.
 * @param create an empty one for each test
 */
export function traceHolderContract<T>(
  create: CreateSubject<T>,
  access: TraceAccess<T>,
  runner?: ContractRunner,
): void {
  declareContract('TraceHolder', create, runner, (test) => declareTraces(test, access));
}

/** What a store owes as a trace holder, for the contract of its port. */
export function declareTraces<T>(test: ContractTest<T>, access: TraceAccess<T>): void {
  test('names what it holds', async (subject) => {
    assert.match(access.holder(subject).holds, /^\S(.*\S)?$/);
  });
  for (const kind of KINDS) {
    if (!access.foundBy.includes(kind)) declareNothing(test, access, kind);
    else {
      declareErasing(test, access, kind);
      declareComparing(test, access, kind);
    }
  }
  if (access.foundBy.includes('messages')) declareManyMessages(test, access);
  declareKeptTraces(test, access);
}

function declareNothing<T>(test: ContractTest<T>, access: TraceAccess<T>, kind: TraceTarget['kind']): void {
  test(`has no traces of a target of kind ${kind}`, async (subject) => {
    const [record] = await putAll(access, subject, [aRecord(1)]);
    await expectLeft(access, subject, targetOf(kind, [record]), 0);
    assert.equal(await access.holder(subject).eraseTraces(targetOf(kind, [record]), 10, never()), 0);
    assert.equal(await access.has(subject, record), true);
  });
}

function declareErasing<T>(test: ContractTest<T>, access: TraceAccess<T>, kind: TraceTarget['kind']): void {
  const count = access.isSingle === true && kind !== 'messages' ? 1 : 5;
  const records = Array.from({ length: count }, (_, at) => aRecord(at + 1, sharedBy(kind)));
  const other = aRecord(9);
  const target = targetOf(kind, [records[0] ?? other, ...records.slice(1)]);

  test(`counts traces by ${kind}, and changes nothing`, async (subject) => {
    await putAll(access, subject, [other, ...records]);
    await expectLeft(access, subject, target, count);
    await expectLeft(access, subject, target, count);
    await expectThere(access, subject, [other, ...records], true);
  });

  test(`erases traces by ${kind}, as many at once as it may, and no others`, async (subject) => {
    await putAll(access, subject, [other, ...records]);
    const first = await access.holder(subject).eraseTraces(target, 2, never());
    assert.ok(first > 0 && first <= 2, String(first));
    await expectLeft(access, subject, target, count - first);
    assert.equal(await eraseAll(access.holder(subject), target, 2), count - first);
    await expectLeft(access, subject, target, 0);
    await expectThere(access, subject, records, false);
    await expectThere(access, subject, [other], true);
    assert.equal(await access.holder(subject).eraseTraces(target, 10_000, never()), 0);
  });

  test(`erases traces by ${kind} once, when two do it at the same time`, async (subject) => {
    await putAll(access, subject, [other, ...records]);
    const holder = access.holder(subject);
    const [one, two] = await Promise.all([eraseAll(holder, target, 2), eraseAll(holder, target, 2)]);
    assert.equal(one + two, count);
    await expectLeft(access, subject, target, 0);
    await expectThere(access, subject, records, false);
    await expectThere(access, subject, [other], true);
  });

  test(`changes nothing by ${kind} once it is aborted`, async (subject) => {
    await putAll(access, subject, records);
    const holder = access.holder(subject);
    await rejectsWhenAborted((signal) => holder.countTraces(target, signal));
    await rejectsWhenAborted((signal) => holder.eraseTraces(target, 10, signal));
    await expectThere(access, subject, records, true);
  });
}

function declareComparing<T>(test: ContractTest<T>, access: TraceAccess<T>, kind: TraceTarget['kind']): void {
  const named = (id: string, number: number): TraceRecord => aRecord(number, { [ID_OF[kind]]: id });

  test(`compares ids exactly, by ${kind}`, async (subject) => {
    const records = await putAll(access, subject, ALIKE.map(named));
    for (const record of records) await expectLeft(access, subject, targetOf(kind, [record]), 1);
    for (const record of records) {
      assert.equal(await eraseAll(access.holder(subject), targetOf(kind, [record]), 100), 1);
      assert.equal(await access.has(subject, record), false);
    }
  });

  test(`knows no stranger, by ${kind}`, async (subject) => {
    const [record] = await putAll(access, subject, [aRecord(1)]);
    const stranger = targetOf(kind, [aRecord(2)]);
    await expectLeft(access, subject, stranger, 0);
    assert.equal(await access.holder(subject).eraseTraces(stranger, 10, never()), 0);
    assert.equal(await access.has(subject, record), true);
  });
}

function declareManyMessages<T>(test: ContractTest<T>, access: TraceAccess<T>): void {
  test('takes no message, and 10 000 of them, some of them twice', async (subject) => {
    const records = await putAll(access, subject, [aRecord(1), aRecord(2)]);
    const none: TraceTarget = { kind: 'messages', messageIds: [] };
    await expectLeft(access, subject, none, 0);
    assert.equal(await access.holder(subject).eraseTraces(none, 10, never()), 0);
    await expectThere(access, subject, records, true);
    const unknown = Array.from({ length: 9_996 }, (_, at) => `unknown-${at}`);
    const known = records.map(({ messageId }) => messageId);
    const many: TraceTarget = { kind: 'messages', messageIds: [...known, ...unknown, ...known] };
    await expectLeft(access, subject, many, 2);
    assert.equal(await eraseAll(access.holder(subject), many, 10_000), 2);
    await expectLeft(access, subject, many, 0);
  });
}
