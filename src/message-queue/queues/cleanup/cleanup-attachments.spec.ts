import 'reflect-metadata';
import type { Plain } from '../../../../test/support/plain.js';
import type { CleanupJobDto } from './cleanup-job.dto.js';
import { createdAt, DAY, NOW, old, setUp } from '../../../../test/support/cleanup-fixture.js';

const expired: Plain<CleanupJobDto> = { cleanupType: 'expired_attachments', batchSize: 2, createdAt };

describe('cleanup-messages: expired_attachments', () => {
  it('removes files and rows of removed messages with them, and of expired ones', async () => {
    const { processor, context, addAttachment, addMessage, attachments, files } = setUp();
    await addMessage('m-of-old', 91);
    for (const id of ['a', 'b', 'c']) await addAttachment(id, -1);
    await addAttachment('later', 1);
    await addAttachment('forever', null);
    await addAttachment('held', -1, true);
    await addAttachment('of-old', null);
    await processor.processCleanup(old, context());
    expect(await files.read('of-old.png')).toBeNull();
    expect(await attachments.find('of-old')).toBeNull();
    expect(await processor.processCleanup({ ...expired, dryRun: true }, context())).toMatchObject({
      matched: 3,
    });
    expect(await files.read('a.png')).not.toBeNull();
    expect(await processor.processCleanup(expired, context())).toMatchObject({ matched: 3, removed: 3 });
    expect(await attachments.find('a')).toBeNull();
    for (const id of ['later', 'forever', 'held']) {
      expect(await files.read(`${id}.png`)).not.toBeNull();
      expect(await attachments.find(id)).not.toBeNull();
    }
  });

  it('keeps what is under legal hold: its conversation, or the attachment alone, also without its message', async () => {
    const { processor, context, addAttachment, addMessage, conversations, files, messages } = setUp();
    await addMessage('m-a', 91);
    await addAttachment('a', -1);
    await addMessage('m-own', 91, 'c-2');
    await addAttachment('own', -1, true);
    await conversations.setLegalHold('c-1', true);
    expect(await processor.processCleanup(old, context())).toMatchObject({ matched: 1, removed: 1 });
    expect(await messages.find('m-own')).toBeNull();
    expect(await processor.processCleanup(expired, context())).toMatchObject({ matched: 0, removed: 0 });
    for (const id of ['a', 'own']) expect(await files.read(`${id}.png`)).not.toBeNull();
  });

  it('keeps a file as long as another row needs it', async () => {
    const { processor, context, addAttachment, attachments, files, signal } = setUp();
    await addAttachment('a', -1);
    const again = { messageId: 'm-b', fileKey: 'a.png', legalHold: false };
    await attachments.save({ ...again, id: 'b', expiresAt: new Date(NOW + DAY) }, signal);
    expect(await processor.processCleanup(expired, context())).toMatchObject({ removed: 1 });
    expect(await attachments.find('a')).toBeNull();
    expect(await files.read('a.png')).not.toBeNull();
    for (const id of ['c', 'd', 'e'])
      await attachments.save({ ...again, id, expiresAt: new Date(NOW - DAY) }, signal);
    await attachments.removeMany(['b'], signal);
    expect(await processor.processCleanup(expired, context())).toMatchObject({ removed: 3 });
    expect(await files.read('a.png')).toBeNull();
  });

  it('lets messages whose files resist hold up no others', async () => {
    const { processor, context, addAttachment, addMessage, files, index, store, left } = setUp();
    for (let at = 0; at < 30; at += 1) await addMessage(`m-${at}`, 200 - at);
    for (const id of ['0', '7', '8', '29']) await addAttachment(id, null);
    const remove = files.remove.bind(files);
    files.remove = (key, signal) =>
      ['0.png', '8.png'].includes(key) ? Promise.reject(new Error('EACCES')) : remove(key, signal);
    await expect(processor.processCleanup(old, context())).rejects.toMatchObject({
      ...{ code: 'ATTACHMENT_FILES_RESIST', messageIds: ['m-0', 'm-8'] },
      message: '2 attachment files could not be removed.',
    });
    expect(await left()).toEqual([]);
    expect((await index.search('harbour')).items).toEqual([]);
    expect(await store.count({ kind: 'conversation', conversationId: 'c-1' }, context().signal)).toBe(2);
    for (const id of ['7', '29']) expect(await files.read(`${id}.png`)).toBeNull();
    files.remove = remove;
    expect(await processor.processCleanup(old, context())).toMatchObject({ matched: 2, removed: 2 });
    expect(await files.read('0.png')).toBeNull();
  });

  it('keeps a message whose file resists, hidden, until it can be removed with it', async () => {
    const { processor, context, addAttachment, addMessage, attachments, files, messages, left } = setUp();
    await addMessage('m-a', 91);
    await addAttachment('a', null);
    files.recorder.fail('remove', new Error('EACCES'));
    await expect(processor.processCleanup(old, context())).rejects.toThrow('1 attachment files could not');
    expect(await left()).toEqual([]);
    expect(await attachments.find('a')).not.toBeNull();
    expect(await processor.processCleanup(old, context())).toMatchObject({ matched: 1, removed: 1 });
    expect(await attachments.find('a')).toBeNull();
    expect(await messages.find('m-a')).toBeNull();
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
