import assert from 'node:assert/strict';
import { MessageIdTakenError } from '../../../ports/messages/message-store.js';
import type { MessageStore, MessageToSave } from '../../../ports/messages/message-store.js';
import type { ContractTest } from '../contract-runner.js';
import { aMessage, at, AWKWARD_TEXT, never, rejectsWhenAborted } from '../contract-values.js';

const COPY = { messageId: 'message-1', recipientId: 'ben' } as const;

/** What a MessageStore keeps of what it is given. */
export function declareSaving(test: ContractTest<MessageStore>): void {
  declareFillingIn(test);
  declareOwners(test);
  declareOneMessagePerId(test);
  declareTimes(test);

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
    await store.save(aMessage({ content: '', encrypted: true, recipientId: 'dora' }), never());
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

const FILE = { id: 'a1', fileName: 'a.png', contentType: 'image/png', sizeBytes: 1 };

function declareOneMessagePerId(test: ContractTest<MessageStore>): void {
  const message = aMessage({ content: 'first', attachments: [FILE] });
  const others: Readonly<Record<string, Partial<MessageToSave>>> = {
    'with another text': { content: 'second' },
    'with a text that differs in case only': { content: 'First' },
    'without its attachment': { attachments: [] },
    'with another attachment': { attachments: [{ ...FILE, id: 'a2' }] },
    'with its attachment renamed': { attachments: [{ ...FILE, fileName: 'b.png' }] },
    'that is sealed': { encrypted: true },
  };

  test('refuses another message under the id of one, for the same recipient and for others', async (store) => {
    await store.save(message, never());
    await store.advanceStatus({ ...COPY, status: 'sent', at: at(1) }, never());
    for (const [which, other] of Object.entries(others)) {
      for (const recipientId of ['ben', 'cleo'])
        await assert.rejects(
          store.save({ ...message, ...other, recipientId }, never()),
          MessageIdTakenError,
          which,
        );
    }
    const found = await store.find('message-1');
    assert.deepEqual([found?.content, found?.attachments, found?.recipients.length], ['first', [FILE], 1]);
    assert.equal(found?.recipients[0]?.status, 'sent');
  });

  test('takes the same message for a repeat, whenever it says that it was created', async (store) => {
    await store.save(message, never());
    assert.equal(await store.save({ ...message, createdAt: at(7), receivedAt: at(9) }, never()), 'exists');
    assert.equal(await store.save({ ...message, recipientId: 'cleo' }, never()), 'saved');
  });

  test('refuses another envelope: only who can open both knows whether they are of one text', async (store) => {
    await store.save(aMessage({ content: 'envelope 1', encrypted: true }), never());
    const other = aMessage({ content: 'envelope 2', encrypted: true, recipientId: 'cleo' });
    await assert.rejects(store.save(other, never()), MessageIdTakenError);
    assert.equal(await store.findStatus('message-1', 'cleo'), null);
    assert.equal(await store.save({ ...other, content: 'envelope 1' }, never()), 'saved');
  });

  test('keeps one of several messages that come under one id at once', async (store) => {
    const texts = Array.from({ length: 12 }, (_, index) => `text ${index}`);
    const outcomes = await Promise.allSettled(
      texts.map((content, index) =>
        store.save(aMessage({ content, recipientId: `recipient-${index % 3}` }), never()),
      ),
    );
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    assert.equal(winners.length, 1);
    for (const outcome of outcomes)
      assert.ok(outcome.status === 'fulfilled' || outcome.reason instanceof MessageIdTakenError);
    const found = await store.find('message-1');
    assert.equal(found?.content, `text ${winners[0]}`);
    assert.equal(found.recipients.length, 1);
  });
}

/** Steps as they are told, and when each of sent, delivered, read and failed happened then; milliseconds. */
const TOLD_STEPS = [
  [
    'read before it was delivered',
    [
      ['sent', 5],
      ['delivered', 9],
      ['read', 7],
    ],
    [5, 9, 9],
  ],
  [
    'all before it was created',
    [
      ['sent', -5],
      ['delivered', -9],
      ['read', -7],
    ],
    [0, 0, 0],
  ],
  [
    'delivered before it was sent',
    [
      ['sent', 5],
      ['delivered', 3],
      ['read', 4],
    ],
    [5, 5, 5],
  ],
  [
    'sent, told late, after it was read',
    [
      ['read', 4],
      ['sent', 9],
    ],
    [4, null, 4],
  ],
  [
    'sent and delivered, told late',
    [
      ['read', 8],
      ['delivered', 9],
      ['sent', 2],
    ],
    [2, 8, 8],
  ],
  [
    'in order',
    [
      ['sent', 1],
      ['delivered', 2],
      ['read', 3],
    ],
    [1, 2, 3],
  ],
  ['failed before it was created', [['failed', -3]], [null, null, null, 0]],
] as const;

function declareTimes(test: ContractTest<MessageStore>): void {
  test('takes no message for newer than it was received', async (store) => {
    const year2090 = new Date(Date.UTC(2090, 0));
    await store.save(aMessage({ messageId: 'm1', createdAt: year2090, receivedAt: at(1) }), never());
    await store.save(aMessage({ messageId: 'm2', createdAt: at(2), receivedAt: at(3) }), never());
    assert.deepEqual((await store.find('m1'))?.createdAt, at(1));
    const listed = await store.listConversation('conversation-1');
    assert.deepEqual(
      listed.items.map(({ messageId }) => messageId),
      ['m2', 'm1'],
    );
    const waiting = await store.listPending('ben');
    assert.deepEqual(
      waiting.items.map(({ createdAt }) => createdAt),
      [at(1), at(2)],
    );
  });

  test('bounds the time of a step by the steps before and after it', async (store) => {
    for (const [index, [which, steps, [sent, delivered, read, failed]]] of TOLD_STEPS.entries()) {
      const copy = { messageId: `m${index}`, recipientId: 'ben' };
      await store.save(aMessage(copy), never());
      for (const [status, ms] of steps) await store.advanceStatus({ ...copy, status, at: at(ms) }, never());
      const found = await store.findStatus(copy.messageId, 'ben');
      const dates = [sent, delivered, read, failed].map((ms) => (typeof ms === 'number' ? at(ms) : null));
      const times = [found?.sentAt, found?.deliveredAt, found?.readAt, found?.failedAt];
      assert.deepEqual(times, dates, which);
    }
  });
}
