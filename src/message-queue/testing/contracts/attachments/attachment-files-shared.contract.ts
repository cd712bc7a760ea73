import assert from 'node:assert/strict';
import {
  AttachmentIdTakenError,
  FileBeingRemovedError,
} from '../../../ports/attachments/attachment-store.js';
import type { ContractTest } from '../contract-runner.js';
import { aMessage, anAttachment, never } from '../contract-values.js';
import type { AttachmentStoreSubject } from './attachment-store-traces.contract.js';

/** What an AttachmentStore decides of files that several rows need. */
export function declareSharedFiles(test: ContractTest<AttachmentStoreSubject>): void {
  test('refuses another attachment under the id of one', async ({ attachments }) => {
    await attachments.save(anAttachment());
    for (const other of [{ fileKey: 'other' }, { messageId: 'message-2' }])
      await assert.rejects(attachments.save(anAttachment(other)), AttachmentIdTakenError);
    assert.deepEqual(await attachments.find('a1'), anAttachment());
  });

  test('claims files that no other row needs, and removes rows whose file another needs', async (subject) => {
    const { attachments } = subject;
    const save = (id: string, fileKey: string) => attachments.save(anAttachment({ id, fileKey }));
    for (const id of ['a1', 'a2', 'a3']) await save(id, 'shared');
    await save('b1', 'single');
    await save('c1', 'Shared');
    const first = await attachments.claimRemoval(['a1', 'b1', 'unknown'], never());
    assert.deepEqual([first.removed, first.claimed.map(({ id }) => id)], [1, ['b1']]);
    assert.equal(await attachments.find('a1'), null);
    // A crash here: the row still leads to its file.
    assert.deepEqual(await attachments.claimRemoval(['b1'], never()), { ...first, removed: 0 });
    const second = await attachments.claimRemoval(['a2', 'a3'], never());
    assert.deepEqual([second.removed, second.claimed.map(({ id }) => id).sort()], [0, ['a2', 'a3']]);
    assert.deepEqual(await attachments.claimRemoval([], never()), { removed: 0, claimed: [] });
    assert.notEqual(await attachments.find('c1'), null);
  });

  test('claims nothing that a legal hold keeps by then, and no file that such a row needs', async (subject) => {
    const { attachments, messages, conversations } = subject;
    await messages.save(aMessage({ messageId: 'held', conversationId: 'held' }), never());
    await attachments.save(anAttachment({ id: 'own', legalHold: true, fileKey: 'f1' }));
    await attachments.save(anAttachment({ id: 'of-held', messageId: 'held', fileKey: 'f2' }));
    await attachments.save(anAttachment({ id: 'free-1', fileKey: 'f1' }));
    await attachments.save(anAttachment({ id: 'free-2', fileKey: 'f2' }));
    await conversations.setLegalHold('held', true);
    const ids = ['own', 'of-held', 'free-1', 'free-2'];
    assert.deepEqual(await attachments.claimRemoval(ids, never()), { removed: 2, claimed: [] });
    for (const id of ['own', 'of-held']) assert.notEqual(await attachments.find(id), null);
  });

  test('lets nothing refer to a file that is being removed, until it is gone', async ({ attachments }) => {
    await attachments.save(anAttachment({ fileKey: 'shared' }));
    await attachments.claimRemoval(['a1'], never());
    for (const id of ['a1', 'a2'])
      await assert.rejects(attachments.save(anAttachment({ id, fileKey: 'shared' })), FileBeingRemovedError);
    assert.equal(await attachments.find('a2'), null);
    await attachments.removeMany(['a1'], never());
    assert.equal(await attachments.save(anAttachment({ id: 'a2', fileKey: 'shared' })), 'saved');
  });

  declareRaces(test);
}

function declareRaces(test: ContractTest<AttachmentStoreSubject>): void {
  test('leaves no row without its file, and no file that nobody removes, whoever comes at once', async (subject) => {
    const { attachments } = subject;
    for (let round = 0; round < 10; round += 1) {
      const fileKey = `file-${round}`;
      const row = (name: string) => anAttachment({ id: `${name}-${round}`, fileKey });
      await attachments.save(row('a'));
      await attachments.save(row('b'));
      const [saving, ...claims] = await Promise.all([
        attachments.save(row('c')).catch((error: unknown) => error),
        attachments.claimRemoval([row('a').id], never()),
        attachments.claimRemoval([row('b').id], never()),
      ]);
      const claimed = claims.flatMap((claim) => claim.claimed);
      const left = await attachments.find(row('c').id);
      if (left === null) assert.ok(saving instanceof FileBeingRemovedError);
      assert.equal(claimed.length, left === null ? 1 : 0);
    }
  });
}
