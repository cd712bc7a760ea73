import assert from 'node:assert/strict';
import { declareAttachmentTraces } from './attachment-store-traces.contract.js';
import type { AttachmentStoreSubject } from './attachment-store-traces.contract.js';
import { declareSharedFiles } from './attachment-files-shared.contract.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, ContractTest, CreateSubject } from '../contract-runner.js';
import { aMessage, anAttachment, at, AWKWARD_TEXT, never } from '../contract-values.js';

/** The contract of every AttachmentStore. @param create empty stores over the same data for each test */
export function attachmentStoreContract(
  create: CreateSubject<AttachmentStoreSubject>,
  runner?: ContractRunner,
): void {
  declareContract('AttachmentStore', create, runner, (test) => {
    test('gives back a row as it was saved first', async ({ attachments }) => {
      const row = anAttachment({ fileKey: AWKWARD_TEXT, expiresAt: null, legalHold: true });
      assert.equal(await attachments.save(row), 'saved');
      assert.equal(await attachments.save({ ...row, expiresAt: at(5), legalHold: false }), 'exists');
      assert.deepEqual(await attachments.find('a1'), row);
      assert.equal(await attachments.find('a2'), null);
    });

    test('saves once when the same row is saved many times at once', async ({ attachments }) => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => attachments.save(anAttachment())));
      assert.equal(outcomes.filter((outcome) => outcome === 'saved').length, 1);
    });

    test('counts and lists what has expired, not what has not or never will', async ({ attachments }) => {
      for (const [id, ms] of Object.entries({ past: 9, now: 10, future: 11 })) {
        await attachments.save(anAttachment({ id, expiresAt: at(ms) }));
      }
      await attachments.save(anAttachment({ id: 'never', expiresAt: null }));
      assert.equal(await attachments.countExpired(at(10), never()), 2);
      const ids = (await attachments.listExpired(at(10), 9, never())).map((row) => row.id);
      assert.deepEqual([...ids].sort(), ['now', 'past']);
    });

    test('lists in a stable order, as many as asked for', async ({ attachments }) => {
      for (let index = 0; index < 5; index += 1) await attachments.save(anAttachment({ id: `a${index}` }));
      const all = await attachments.listExpired(at(1), 9, never());
      assert.deepEqual(await attachments.listExpired(at(1), 3, never()), all.slice(0, 3));
      const [first] = all;
      assert.equal(await attachments.removeMany([first?.id ?? ''], never()), 1);
      assert.deepEqual(await attachments.listExpired(at(1), 9, never()), all.slice(1));
    });

    declareRemoval(test);
    declareSharedFiles(test);
    declareAttachmentTraces(test);
  });
}

function declareRemoval(test: ContractTest<AttachmentStoreSubject>): void {
  test('never counts what is under legal hold as expired', async (subject) => {
    const { attachments, messages, conversations } = subject;
    await messages.save(aMessage({ messageId: 'held', conversationId: 'held' }), never());
    await attachments.save(anAttachment({ id: 'own', legalHold: true }));
    await attachments.save(anAttachment({ id: "conversation's", messageId: 'held' }));
    await attachments.save(anAttachment({ id: 'free' }));
    await conversations.setLegalHold('held', true);
    assert.equal(await attachments.countExpired(at(1), never()), 1);
    assert.deepEqual(
      (await attachments.listExpired(at(1), 9, never())).map((row) => row.id),
      ['free'],
    );
    await conversations.setLegalHold('held', false);
    assert.equal(await attachments.countExpired(at(1), never()), 2);
  });

  test('removes rows and says how many were there', async ({ attachments }) => {
    await attachments.save(anAttachment({ id: 'a1' }));
    await attachments.save(anAttachment({ id: 'a2' }));
    assert.equal(await attachments.removeMany(['a1', 'unknown'], never()), 1);
    assert.equal(await attachments.removeMany(['a1'], never()), 0);
    assert.equal(await attachments.removeMany([], never()), 0);
    assert.equal(await attachments.find('a1'), null);
    assert.notEqual(await attachments.find('a2'), null);
  });
}
