import assert from 'node:assert/strict';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import type { ContractTest } from '../contract-runner.js';
import { at, never } from '../contract-values.js';
import { eraseAll, expectLeft, expectThere, putAll } from './trace-access.js';
import type { TraceAccess } from './trace-access.js';
import { aRecord, targetOf } from './trace-records.js';

/** What an erasure leaves: what is held, and what was written after a deletion. */
export function declareKeptTraces<T>(test: ContractTest<T>, access: TraceAccess<T>): void {
  if (access.foundBy.includes('subject')) declareHeldConversations(test, access);
  if (access.foundBy.includes('deletions')) declareDeletions(test, access);
  if (access.hold !== undefined) declareHolds(test, access, access.hold);
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
