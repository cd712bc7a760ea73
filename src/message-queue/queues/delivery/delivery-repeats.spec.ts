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
});
