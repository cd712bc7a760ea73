import assert from 'node:assert/strict';
import type { AuditRecord, AuditTrail } from '../../../ports/privacy/audit-trail.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { allPages, at, rejectsWhenAborted } from '../contract-values.js';

function anEntry(seq: number, fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...{ seq, at: at(seq), actor: 'ana', action: 'replay', phase: 'done' },
    ...{ target: { kind: 'queue', hash: 'hash-1' }, queue: null, jobId: null, count: null, reason: null },
    ...{ keyId: 'key-1', previous: seq === 1 ? '' : `mac-${seq - 1}`, mac: `mac-${seq}`, ...fields },
  };
}

/** The contract of every AuditTrail. @param create an empty trail for each test */
export function auditTrailContract(create: CreateSubject<AuditTrail>, runner?: ContractRunner): void {
  declareContract('AuditTrail', create, runner, (test) => {
    test('gives back entries as they were written, and where it ends', async (trail) => {
      assert.deepEqual(await trail.extent(), { head: null, oldestSeq: 1 });
      const full = anEntry(2, { queue: 'q', jobId: 'j-1', count: 12, reason: 'ticket-4711', phase: 'begun' });
      assert.equal(await trail.append(anEntry(1), 'seal-1'), 'appended');
      assert.equal(await trail.append(full, 'seal-2'), 'appended');
      const head = { seq: 2, mac: 'mac-2', seal: 'seal-2' };
      assert.deepEqual(await trail.extent(), { head, oldestSeq: 1 });
      assert.deepEqual(await trail.after(0, 10), [anEntry(1), full]);
      assert.deepEqual(await trail.after(1, 10), [full]);
      assert.deepEqual(await trail.after(0, 1), [anEntry(1)]);
      assert.deepEqual(await trail.after(2, 10), []);
    });

    test('takes an entry only after the one before it', async (trail) => {
      assert.equal(await trail.append(anEntry(2), 'seal'), 'conflict');
      await trail.append(anEntry(1), 'seal-1');
      assert.equal(await trail.append(anEntry(1, { mac: 'other' }), 'other'), 'conflict');
      assert.equal(await trail.append(anEntry(3), 'seal'), 'conflict');
      assert.deepEqual((await trail.extent()).head, { seq: 1, mac: 'mac-1', seal: 'seal-1' });
      assert.deepEqual(await trail.after(0, 10), [anEntry(1)]);
    });

    test('takes one of several that come at once', async (trail) => {
      for (const seq of [1, 2, 3]) {
        const writers = ['a', 'b', 'c', 'd', 'e'];
        const outcomes = await Promise.all(
          writers.map((actor) => trail.append(anEntry(seq, { actor, mac: `mac-${actor}` }), `seal-${actor}`)),
        );
        assert.equal(outcomes.filter((outcome) => outcome === 'appended').length, 1);
        const winner = writers[outcomes.indexOf('appended')];
        assert.equal((await trail.extent()).head?.seal, `seal-${winner}`);
        assert.deepEqual(
          (await trail.after(seq - 1, 10)).map(({ actor }) => actor),
          [winner],
        );
      }
    });

    test('lists entries, the newest first', async (trail) => {
      for (const seq of [1, 2, 3, 4, 5, 6, 7])
        await trail.append(anEntry(seq, { action: seq % 3 === 0 ? 'shred' : 'pause' }), `seal-${seq}`);
      const pages = await allPages((page) => trail.list(page), 3);
      const numbers = pages.map((page) => page.map(({ seq }) => seq));
      assert.deepEqual(numbers, [[7, 6, 5], [4, 3, 2], [1]]);
      const actions = ['shred', 'erase'] as const;
      const asked = await allPages((page) => trail.list({ ...page, actions }), 1);
      assert.deepEqual(
        asked.map((page) => page.map(({ seq }) => seq)),
        [[6], [3]],
      );
      assert.deepEqual((await trail.list({ actions: [] })).items, []);
      assert.deepEqual((await trail.list()).items.length, 7);
    });

    test('writes nothing for a call that was given up before', async (trail) => {
      await rejectsWhenAborted((signal) => trail.append(anEntry(1), 'seal-1', signal));
      assert.deepEqual((await trail.extent()).head, null);
    });
  });
}
