import assert from 'node:assert/strict';
import type { TraceHolder, TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { at, never, rejectsWhenAborted } from '../contract-values.js';
import { ALIKE, aRecord, ID_OF, KINDS, sharedBy, targetOf } from './trace-records.js';
import type { TraceRecord } from './trace-records.js';

/** How the contract reaches what a TraceHolder holds. */
export interface TraceAccess<T> {
  /** The kinds of target that its records are found by. Of the others it has nothing. */
  readonly foundBy: readonly TraceTarget['kind'][];
  /** Whether a conversation or a person has one record at most, as with settings. Default false. */
  readonly isSingle?: boolean;
  /** Whether it knows in which conversation a record is, so that those of `exceptConversations` stay. Default false. */
  readonly knowsConversations?: boolean;
  holder(subject: T): TraceHolder;
  /** Stores a record under those of its ids that the holder knows. */
  put(subject: T, record: TraceRecord): unknown;
  /** Whether it is there, for whoever reads the store. */
  has(subject: T, record: TraceRecord): boolean | Promise<boolean>;
  /** Puts a conversation under legal hold; left out where the holder cannot tell. */
  readonly hold?: (subject: T, conversationId: string) => unknown;
}

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
  if (access.foundBy.includes('subject')) declareHeldConversations(test, access);
  if (access.foundBy.includes('deletions')) declareDeletions(test, access);
  if (access.hold !== undefined) declareHolds(test, access, access.hold);
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

function declareHeldConversations<T>(test: ContractTest<T>, access: TraceAccess<T>): void {
  const held = aRecord(1, { subjectId: 'ana' });
  const free = aRecord(2, { subjectId: 'ana' });
  const others = Array.from({ length: 1_000 }, (_, at) => `elsewhere-${at}`);
  const exceptConversations = [...others, held.conversationId];
  const target: TraceTarget = { kind: 'subject', subjectId: 'ana', exceptConversations };

  if (access.knowsConversations !== true) {
    test('removes what is in no conversation, whatever is held', async (subject) => {
      await putAll(access, subject, [held]);
      await expectLeft(access, subject, target, 1);
      assert.equal(await access.holder(subject).eraseTraces(target, 10, never()), 1);
      await expectThere(access, subject, [held], false);
    });
    return;
  }
  test('keeps of a person what is in conversations that are held', async (subject) => {
    await putAll(access, subject, [held, free]);
    await expectLeft(access, subject, target, 1);
    assert.equal(await eraseAll(access.holder(subject), target, 10), 1);
    await expectThere(access, subject, [free], false);
    await expectThere(access, subject, [held], true);
  });
}

function declareDeletions<T>(test: ContractTest<T>, access: TraceAccess<T>): void {
  test('keeps what was written after a conversation was deleted', async (subject) => {
    const before = [aRecord(1, { conversationId: 'one' }), aRecord(2, { conversationId: 'two' })];
    const after = [
      aRecord(3, { conversationId: 'one', writtenAt: at(1) }),
      aRecord(4, { conversationId: 'two', writtenAt: at(2) }),
    ];
    const atThatTime = aRecord(5, { conversationId: 'two', writtenAt: at(1) });
    await putAll(access, subject, [...before, ...after, atThatTime]);
    const target: TraceTarget = {
      kind: 'deletions',
      deletions: [
        { conversationId: 'one', deletedAt: at(0) },
        { conversationId: 'none', deletedAt: at(9) },
        { conversationId: 'two', deletedAt: at(1) },
      ],
    };
    await expectLeft(access, subject, target, 3);
    assert.equal(await eraseAll(access.holder(subject), target, 2), 3);
    await expectThere(access, subject, [...before, atThatTime], false);
    await expectThere(access, subject, after, true);
  });

  test('takes no deletion, and 200 of them', async (subject) => {
    const [record] = await putAll(access, subject, [aRecord(1)]);
    await expectLeft(access, subject, { kind: 'deletions', deletions: [] }, 0);
    const unknown = Array.from({ length: 199 }, (_, n) => ({
      conversationId: `none-${n}`,
      deletedAt: at(9),
    }));
    const known = { conversationId: record.conversationId, deletedAt: record.writtenAt };
    const target: TraceTarget = { kind: 'deletions', deletions: [...unknown, known] };
    assert.equal(await eraseAll(access.holder(subject), target, 10), 1);
  });
}

function declareHolds<T>(
  test: ContractTest<T>,
  access: TraceAccess<T>,
  hold: NonNullable<TraceAccess<T>['hold']>,
): void {
  const held = aRecord(1, { subjectId: 'ana' });
  const free = aRecord(2, { subjectId: 'ana' });
  const [kept, all] = [targetOf('conversation', [held]), targetOf('subject', [held])];

  test('keeps what came under legal hold since it was asked', async (subject) => {
    await putAll(access, subject, [held, free]);
    await hold(subject, held.conversationId);
    await expectLeft(access, subject, kept, 0);
    assert.equal(await access.holder(subject).eraseTraces(kept, 10, never()), 0);
    const count = access.foundBy.includes('subject') ? 1 : 0;
    await expectLeft(access, subject, all, count);
    assert.equal(await eraseAll(access.holder(subject), all, 10), count);
    await expectThere(access, subject, [held], true);
  });
}

async function putAll<T, Records extends readonly TraceRecord[]>(
  access: TraceAccess<T>,
  subject: T,
  records: Records,
): Promise<Records> {
  for (const record of records) await access.put(subject, record);
  return records;
}

async function eraseAll(holder: TraceHolder, target: TraceTarget, limit: number): Promise<number> {
  let all = 0;
  for (let calls = 0; calls < 100; calls += 1) {
    const removed = await holder.eraseTraces(target, limit, never());
    assert.ok(removed <= limit, `${removed} of at most ${limit}`);
    if (removed === 0) return all;
    all += removed;
  }
  throw new Error('It never says that nothing is left.');
}

async function expectLeft<T>(
  access: TraceAccess<T>,
  subject: T,
  target: TraceTarget,
  count: number,
): Promise<void> {
  assert.equal(await access.holder(subject).countTraces(target, never()), count);
}

async function expectThere<T>(
  access: TraceAccess<T>,
  subject: T,
  records: readonly TraceRecord[],
  isThere: boolean,
): Promise<void> {
  for (const record of records)
    assert.equal(await access.has(subject, record), isThere, `${record.id} is there`);
}
