import 'reflect-metadata';
import type { Plain } from '../../../../test/support/plain.js';
import type { CleanupJobDto } from './cleanup-job.dto.js';
import { createdAt, old, setUp } from '../../../../test/support/cleanup-fixture.js';

const expired: Plain<CleanupJobDto> = { cleanupType: 'expired_attachments', batchSize: 2, createdAt };

describe('cleanup-messages: expired_attachments', () => {
  it('removes files and rows of expired ones, and of removed messages', async () => {
    const { processor, context, addAttachment, addMessage, attachments, files } = setUp();
    await addMessage('m-of-old', 91);
    for (const id of ['a', 'b', 'c']) await addAttachment(id, -1);
    await addAttachment('later', 1);
    await addAttachment('forever', null);
    await addAttachment('held', -1, true);
    await addAttachment('of-old', null);
    await processor.processCleanup(old, context());
    expect(await processor.processCleanup({ ...expired, dryRun: true }, context())).toMatchObject({
      matched: 4,
    });
    expect(await files.read('a.png')).not.toBeNull();
    expect(await processor.processCleanup(expired, context())).toMatchObject({ matched: 4, removed: 4 });
    expect(await files.read('of-old.png')).toBeNull();
    expect(await attachments.find('a')).toBeNull();
    for (const id of ['later', 'forever', 'held']) {
      expect(await files.read(`${id}.png`)).not.toBeNull();
      expect(await attachments.find(id)).not.toBeNull();
    }
  });

  it('keeps the files of a conversation under legal hold, also after its messages are gone', async () => {
    const { processor, context, addAttachment, addMessage, conversations, files } = setUp();
    await addMessage('m-a', 91);
    await addAttachment('a', null);
    await processor.processCleanup(old, context());
    await conversations.setLegalHold('c-1', true);
    expect(await processor.processCleanup(expired, context())).toMatchObject({ matched: 0, removed: 0 });
    expect(await files.read('a.png')).not.toBeNull();
  });

  it('removes the others when one file resists, then fails; nothing is lost track of', async () => {
    const { processor, context, addAttachment, files, attachments } = setUp();
    for (const id of ['a', 'b', 'c', 'd']) await addAttachment(id, -1);
    const remove = files.remove.bind(files);
    files.remove = (key, signal) =>
      key === 'b.png' ? Promise.reject(new Error('EACCES')) : remove(key, signal);
    await expect(processor.processCleanup(expired, context())).rejects.toThrow(
      '1 attachment files could not',
    );
    expect(await attachments.find('a')).toBeNull();
    expect(await attachments.find('d')).toBeNull();
    expect(await attachments.find('b')).not.toBeNull();
    files.remove = remove;
    expect(await processor.processCleanup(expired, context())).toMatchObject({ removed: 1 });
  });
});
