import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import { UnrecoverableJobError } from '../../jobs/errors.js';
import { UnknownMessageError } from '../../ports/messages/message-store.js';
import { message, setUp } from '../../../../test/support/delivery-fixture.js';

describe('delivery-confirmation', () => {
  const confirmation = { messageId: 'm-1', recipientId: 'ben', createdAt: new Date('2026-01-01T00:01:00Z') };

  it('moves the status forward only, with the times of each step', async () => {
    const { processor, store } = setUp();
    await processor.processSendMessage(message, fakeJobContext());
    const confirm = async (status: 'delivered' | 'read' | 'failed', occurredAt?: Date): Promise<string> =>
      (await processor.processDeliveryConfirmation({ ...confirmation, status, occurredAt }, fakeJobContext()))
        .outcome;
    expect(await confirm('read')).toBe('advanced');
    expect(await confirm('read')).toBe('unchanged');
    expect(await confirm('delivered', new Date('2026-01-01T00:00:30Z'))).toBe('unchanged');
    expect(await confirm('failed')).toBe('unchanged');
    expect(await store.findStatus('m-1', 'ben')).toMatchObject({
      status: 'read',
      readAt: confirmation.createdAt,
      deliveredAt: new Date('2026-01-01T00:00:30Z'),
    });
  });

  it('tells the sender, once', async () => {
    const { processor, transport } = setUp();
    await processor.processSendMessage(message, fakeJobContext());
    const context = fakeJobContext();
    await processor.processDeliveryConfirmation({ ...confirmation, status: 'read' }, context);
    await processor.processDeliveryConfirmation({ ...confirmation, status: 'read' }, fakeJobContext());
    const announced = transport.recorder.callsOf('announceStatus').map(({ args }) => args[0]);
    expect(announced).toMatchObject([{ status: 'sent' }, { status: 'read', senderId: 'ada' }]);
    expect(context.reported.at(-1)).toMatchObject({ percentage: 100, step: 'complete' });
  });

  it('asks for another attempt when the message is not there (yet)', async () => {
    const { processor } = setUp();
    const run = processor.processDeliveryConfirmation({ ...confirmation, status: 'read' }, fakeJobContext());
    await expect(run).rejects.toBeInstanceOf(UnknownMessageError);
    await expect(run).rejects.not.toBeInstanceOf(UnrecoverableJobError);
  });
});
