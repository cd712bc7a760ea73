import assert from 'node:assert/strict';
import type { SuppressionStore } from '../../../ports/suppressions/suppression-store.js';
import type { Suppression } from '../../../ports/suppressions/suppression.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { allPages, at, AWKWARD_TEXT, never, rejectsWhenAborted } from '../contract-values.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

const BEN = 'ben@mail.example';

function aSuppression(fields: Partial<Suppression> = {}): Suppression {
  return {
    ...{ channel: 'email', destination: BEN, recipientId: 'ben', reason: 'bounced', detail: 'SMTP 550' },
    at: at(0),
    ...fields,
  };
}

/** The contract of every SuppressionStore. @param create an empty store for each test */
export function suppressionStoreContract(
  create: CreateSubject<SuppressionStore>,
  runner?: ContractRunner,
): void {
  declareContract('SuppressionStore', create, runner, (test) => {
    declareTraces(test, {
      foundBy: ['subject'],
      holder: (store) => store,
      put: (store, { id, subjectId }) =>
        store.add(aSuppression({ destination: `${id}@mail.example`, recipientId: subjectId })),
      has: async (store, { id }) => (await store.findMany('email', [`${id}@mail.example`])).length > 0,
    });
    declareSuppressing(test);
    declareLifting(test);
    declareLists(test);
  });
}

function declareSuppressing(test: ContractTest<SuppressionStore>): void {
  test('gives back what it was given, of those that are asked for', async (store) => {
    const push = aSuppression({
      ...{ channel: 'push', destination: `{"endpoint":"${AWKWARD_TEXT}${'x'.repeat(8_000)}"}` },
      ...{ recipientId: null, reason: 'gone', detail: null, at: at(7) },
    });
    assert.equal(await store.add(aSuppression()), 'added');
    assert.equal(await store.add(push), 'added');
    assert.deepEqual(await store.findMany('email', ['ann@mail.example', BEN, BEN]), [aSuppression()]);
    assert.deepEqual(await store.findMany('push', [push.destination]), [push]);
    assert.deepEqual(await store.findMany('sms', [BEN]), []);
    assert.deepEqual(await store.findMany('email', []), []);
  });

  test('keeps the first of what only turned out, and what somebody wished before all', async (store) => {
    const wished = aSuppression({ reason: 'opted-out', at: at(2), detail: 'STOP' });
    assert.equal(await store.add(aSuppression()), 'added');
    assert.equal(await store.add(aSuppression({ reason: 'invalid', at: at(1) })), 'unchanged');
    assert.equal(await store.add(wished), 'added');
    assert.equal(await store.add(aSuppression({ at: at(3) })), 'unchanged');
    assert.equal(await store.add(aSuppression({ reason: 'complained', at: at(4) })), 'unchanged');
    assert.deepEqual(await store.findMany('email', [BEN]), [wished]);
  });

  test('adds once when the same comes many times at once', async (store) => {
    const added = await Promise.all(Array.from({ length: 20 }, () => store.add(aSuppression())));
    assert.equal(added.filter((outcome) => outcome === 'added').length, 1);
  });

  test('rejects once it is aborted', async (store) => {
    await rejectsWhenAborted((signal) => store.add(aSuppression(), signal));
    assert.deepEqual(await store.findMany('email', [BEN], never()), []);
  });
}

function declareLifting(test: ContractTest<SuppressionStore>): void {
  const lifting = { channel: 'email', destination: BEN } as const;

  test('lifts a suppression once, and says what it was', async (store) => {
    await store.add(aSuppression());
    await store.add(aSuppression({ destination: 'ann@mail.example' }));
    assert.deepEqual(await store.lift({ ...lifting, at: at(5) }), aSuppression());
    assert.equal(await store.lift({ ...lifting, at: at(6) }), null);
    assert.deepEqual(await store.findMany('email', [BEN]), []);
    assert.equal((await store.findMany('email', ['ann@mail.example'])).length, 1);
  });

  test('lifts none that is newer, or has another reason than the one that is meant', async (store) => {
    await store.add(aSuppression({ at: at(5) }));
    assert.equal(await store.lift({ ...lifting, at: at(4) }), null);
    assert.equal(await store.lift({ ...lifting, at: at(9), only: 'opted-out' }), null);
    assert.equal((await store.findMany('email', [BEN])).length, 1);
    assert.notEqual(await store.lift({ ...lifting, at: at(5), only: 'bounced' }), null);
  });

  test('takes nothing that a lifting has overtaken, in whatever order they come', async (store) => {
    assert.equal(await store.lift({ ...lifting, at: at(5) }), null);
    assert.equal(await store.add(aSuppression({ at: at(5) })), 'unchanged');
    assert.equal(await store.add(aSuppression({ at: at(6) })), 'added');
    assert.notEqual(await store.lift({ ...lifting, at: at(8) }), null);
    assert.equal(await store.lift({ ...lifting, at: at(7) }), null);
    assert.equal(await store.add(aSuppression({ at: at(8), reason: 'opted-out' })), 'unchanged');
    assert.deepEqual(await store.findMany('email', [BEN]), []);
    assert.equal(await store.add(aSuppression({ at: at(9) })), 'added');
  });
}

function declareLists(test: ContractTest<SuppressionStore>): void {
  test('lists what is suppressed, newest first, page by page', async (store) => {
    const all = Array.from({ length: 5 }, (_, i) =>
      aSuppression({
        ...{ destination: `${i}@mail.example`, recipientId: i === 3 ? 'ann' : 'ben', at: at(i < 2 ? 0 : i) },
        channel: i === 4 ? 'sms' : 'email',
      }),
    );
    for (const one of all) await store.add(one);
    await store.add(aSuppression());
    await store.lift({ channel: 'email', destination: BEN, at: at(9) });
    const pages = await allPages((page) => store.list(page), 2);
    assert.deepEqual(
      pages.map((page) => page.length),
      [2, 2, 1],
    );
    const listed = pages.flat();
    assert.deepEqual(listed.slice(0, 3), [all[4], all[3], all[2]]);
    assert.deepEqual(new Set(listed), new Set(all));
    assert.deepEqual((await store.list({ recipientId: 'ann' })).items, [all[3]]);
    assert.deepEqual((await store.list({ channel: 'sms' })).items, [all[4]]);
  });
}
