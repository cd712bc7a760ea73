import assert from 'node:assert/strict';
import { MessageIdTakenError } from '../../../ports/messages/message-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import type { ContractTest } from '../contract-runner.js';
import { aMessage, at, AWKWARD_TEXT, never, rejectsWhenAborted } from '../contract-values.js';

const COPY = { messageId: 'message-1', recipientId: 'ben' } as const;

/** What a MessageStore keeps of what it is given. */
export function declareSaving(test: ContractTest<MessageStore>): void {
  declareFillingIn(test);
  declareOwners(test);

  test('gives back a message as it was saved', async (store) => {
    const attachments = [
      {
        id: 'a1',
        fileName: 'b"ild.png',
        contentType: 'image/png',
        sizeBytes: 12,
        url: 'https://files.example/a1',
      },
    ];
    const message = aMessage({ content: AWKWARD_TEXT, encrypted: true, attachments, batchId: 'batch-1' });
    assert.equal(await store.save(message, never()), 'saved');
    const { recipientId, ...stored } = message;
    const status = { ...COPY, recipientId, status: 'pending', failureReason: null };
    const times = { sentAt: null, deliveredAt: null, readAt: null, failedAt: null };
    assert.deepEqual(await store.find('message-1'), { ...stored, recipients: [{ ...status, ...times }] });
    assert.deepEqual(await store.findStatus('message-1', 'ben'), { ...status, ...times });
  });

  test('keeps the first of two messages with one id', async (store) => {
    await store.save(aMessage({ content: 'first' }), never());
    assert.equal(await store.save(aMessage({ content: 'second' }), never()), 'exists');
    const found = await store.find('message-1');
    assert.deepEqual([found?.content, found?.recipients.length], ['first', 1]);
  });

  test('gives each recipient of one message a copy', async (store) => {
    await store.save(aMessage({ recipientId: 'ben' }), never());
    assert.equal(await store.save(aMessage({ recipientId: 'cleo' }), never()), 'saved');
    await store.advanceStatus(
      { messageId: 'message-1', recipientId: 'cleo', status: 'read', at: at(1) },
      never(),
    );
    const found = await store.find('message-1');
    const statuses = found?.recipients.map(({ recipientId, status }) => `${recipientId} ${status}`).sort();
    assert.deepEqual(statuses, ['ben pending', 'cleo read']);
  });

  test('keeps a status when the message is saved again', async (store) => {
    await store.save(aMessage(), never());
    await store.advanceStatus({ ...COPY, status: 'read', at: at(1) }, never());
    await store.save(aMessage(), never());
    assert.equal((await store.findStatus('message-1', 'ben'))?.status, 'read');
  });

  test('finds nothing where nothing is', async (store) => {
    await store.save(aMessage(), never());
    assert.equal(await store.find('message-2'), null);
    assert.equal(await store.findStatus('message-1', 'cleo'), null);
    assert.equal(await store.findStatus('message-2', 'ben'), null);
  });

  test('rejects with the reason of an aborted signal and stores nothing', async (store) => {
    await rejectsWhenAborted((signal) => store.save(aMessage(), signal));
    assert.equal(await store.find('message-1'), null);
  });
}

function declareFillingIn(test: ContractTest<MessageStore>): void {
  test('fills in the content of a message that was saved without', async (store) => {
    await store.save(aMessage({ content: '', encrypted: true }), never());
    await store.advanceStatus({ ...COPY, status: 'failed', at: at(1) }, never());
    await store.save(aMessage({ content: 'envelope', encrypted: true, recipientId: 'cleo' }), never());
    await store.save(aMessage({ content: 'another', encrypted: true }), never());
    assert.equal((await store.find('message-1'))?.content, 'envelope');
    assert.equal((await store.findStatus('message-1', 'ben'))?.status, 'failed');
  });
}

function declareOwners(test: ContractTest<MessageStore>): void {
  test("gives nobody a copy of another's message who names its id", async (store) => {
    await store.save(aMessage({ content: 'private' }), never());
    for (const stranger of [{ senderId: 'mallory' }, { conversationId: 'conversation-2' }]) {
      const saving = store.save(aMessage({ ...stranger, recipientId: 'mallory' }), never());
      await assert.rejects(saving, MessageIdTakenError);
    }
    assert.deepEqual((await store.listPending('mallory')).items, []);
    assert.equal((await store.find('message-1'))?.recipients.length, 1);
  });
}
