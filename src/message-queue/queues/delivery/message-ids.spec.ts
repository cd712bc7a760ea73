import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import { message, setUp } from '../../../../test/support/delivery-fixture.js';
import { MessageIdTakenError } from '../../ports/messages/message-store.js';

const ended = {
  queue: 'message-delivery',
  job: 'send-message',
  jobId: 'm_2',
  attempt: 1,
  correlationId: 'm_2',
};

describe.each([false, true])('a message id (sealed: %s)', (requiresEncryption) => {
  const first = { ...message, requiresEncryption };
  const other = { ...first, content: 'Something else' };

  it('is a repeat with the same content, also when somebody says that it was created later', async () => {
    const { processor, transport } = setUp();
    await processor.processSendMessage(first, fakeJobContext());
    const again = { ...first, createdAt: new Date('2026-02-02T00:00:00Z') };
    expect(await processor.processSendMessage(again, fakeJobContext())).toMatchObject({ repeated: true });
    expect(transport.delivered).toHaveLength(1);
  });

  it('is taken for another content, and the failure of that job is not the first message’s', async () => {
    const { processor, store, transport } = setUp();
    await processor.processSendMessage(first, fakeJobContext());
    const before = await store.find('m-1');
    await expect(processor.processSendMessage(other, fakeJobContext())).rejects.toBeInstanceOf(
      MessageIdTakenError,
    );
    await processor.onJobEnd({ ...ended, payload: other, outcome: 'cancelled', reason: 'test' });
    expect(await store.find('m-1')).toEqual(before);
    expect(transport.delivered).toHaveLength(1);
  });

  it('was created no later than its job was added, and its steps no earlier', async () => {
    const { processor, store } = setUp();
    const addedAt = new Date('2026-01-05T00:00:00Z');
    const late = { ...first, createdAt: new Date('2090-01-01T00:00:00Z') };
    await processor.processSendMessage(late, fakeJobContext({ addedAt }));
    expect((await store.find('m-1'))?.createdAt).toEqual(addedAt);
    const confirmation = {
      messageId: 'm-1',
      recipientId: 'ben',
      status: 'read',
      createdAt: addedAt,
    } as const;
    for (const occurredAt of ['2091-01-01T00:00:00Z', '1970-01-01T00:00:00Z'])
      await processor.processDeliveryConfirmation(
        { ...confirmation, occurredAt: new Date(occurredAt) },
        fakeJobContext({ addedAt: new Date('2026-01-06T00:00:00Z') }),
      );
    const status = await store.findStatus('m-1', 'ben');
    expect(status?.readAt?.getTime()).toBeLessThanOrEqual(Date.UTC(2026, 0, 6));
  });
});
