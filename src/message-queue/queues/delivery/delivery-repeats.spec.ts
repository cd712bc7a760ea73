import 'reflect-metadata';
import { message, setUp } from '../../../../test/support/delivery-fixture.js';
import { fakeJobContext } from '../../../../test/support/job-context.js';

describe('send-message, run more than once', () => {
  it('sends nothing when an earlier run has', async () => {
    const { processor, transport, statusOf } = setUp();
    await processor.processSendMessage(message, fakeJobContext());
    const again = await processor.processSendMessage(message, fakeJobContext());
    expect(again).toMatchObject({ status: 'sent', repeated: true });
    expect(transport.delivered).toHaveLength(1);
    expect(await statusOf()).toBe('sent');
  });

  it('sends again with the same id when the worker died before it noted "sent"', async () => {
    const { processor, transport, store, statusOf } = setUp();
    store.recorder.fail('advanceStatus', new Error('connection lost'));
    await expect(processor.processSendMessage(message, fakeJobContext())).rejects.toThrow('connection lost');
    expect(await statusOf()).toBe('pending');
    await processor.processSendMessage(message, fakeJobContext({ attempt: 2 }));
    expect(transport.delivered.map(({ messageId }) => messageId)).toEqual(['m-1', 'm-1']);
    expect(await statusOf()).toBe('sent');
  });

  it('sends nothing that was deleted, when its id comes again after the deletion', async () => {
    const { processor, transport, conversations } = setUp();
    const hour = (n: number): Date => new Date(new Date(message.createdAt).getTime() + n * 3_600_000);
    transport.recorder.fail('deliver', new Error('connection lost'));
    const first = processor.processSendMessage(message, fakeJobContext({ addedAt: hour(0) }));
    await expect(first).rejects.toThrow('connection lost');
    await conversations.markDeleted('c-1', hour(1));
    const again = { ...message, createdAt: hour(2) };
    const result = await processor.processSendMessage(again, fakeJobContext({ addedAt: hour(2) }));
    expect(result).toMatchObject({ status: 'failed', dropped: expect.stringContaining('deleted') as string });
    expect(transport.delivered).toEqual([]);
    // What is new there is as alive as anywhere.
    const next = { ...again, messageId: 'm-2' };
    await processor.processSendMessage(next, fakeJobContext({ addedAt: hour(2) }));
    expect(transport.delivered.map(({ messageId }) => messageId)).toEqual(['m-2']);
  });
});
