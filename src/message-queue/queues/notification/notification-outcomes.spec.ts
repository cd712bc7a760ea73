import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import { email, notificationStage, NOW, push } from '../../../../test/support/notification-stage.js';
import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../ports/destination-errors.js';
import { NotificationSendError } from '../../ports/notifications/notification-channel.js';

const to = (jobId: string) => fakeJobContext({ jobId });

describe('a destination that is dead', () => {
  it.each([
    ['refused', 'opted-out (said so by setOutcome)', 'refused: opted-out (said so by setOutcome)'],
    ['unregistered', 'gone', 'no destination is registered any more'],
  ] as const)('is an outcome, remembered: %s', async (outcome, reason, why) => {
    const { processor, email: mails, ledger, suppressions } = notificationStage();
    mails.outbox.setOutcome('ben@example.org', outcome);
    const leftOut = [{ target: 'email', outcome, reason }];
    const result = await processor.processNotification(email, to('a'));
    expect(result).toMatchObject({ outcome: 'dropped', reason: why, sent: 0, leftOut });
    expect(await ledger.list('a')).toMatchObject([{ target: 'email', outcome, reason }]);
    expect((await suppressions.list()).items).toMatchObject([
      { channel: 'email', destination: 'ben@example.org', recipientId: 'ben', at: NOW },
    ]);
  });

  it('is not asked for again, whoever writes its address how, until it is lifted', async () => {
    const { processor, email: mails, ledger, suppressions, clock } = notificationStage();
    mails.outbox.setOutcome('ben@example.org', 'refused');
    await processor.processNotification(email, to('a'));
    const again = { ...email, emailAddress: 'ben@EXAMPLE.org' };
    expect(await processor.processNotification(again, to('b'))).toMatchObject({
      outcome: 'dropped',
      reason: 'suppressed: opted-out (said so by setOutcome)',
      leftOut: [{ target: 'email', outcome: 'suppressed' }],
    });
    expect(await ledger.list('b')).toMatchObject([{ outcome: 'suppressed' }]);
    expect(mails.recorder.callsOf('send')).toHaveLength(1);
    await clock.advance(5);
    expect(await suppressions.lift('email', 'ben@example.ORG', { by: 'ops' })).toBe(true);
    expect(await processor.processNotification(again, to('c'))).toMatchObject({ outcome: 'sent' });
  });

  it('is dead on its channel only', async () => {
    const { processor, contacts, email: mails, sms } = notificationStage();
    contacts.setContact({ recipientId: 'ben', email: 'ben@example.org', phone: '+4915100000' });
    sms.outbox.setOutcome('+4915100000', 'refused');
    await processor.processNotification({ ...push, type: 'sms' }, to('a'));
    await processor.processNotification({ ...push, type: 'email' }, to('b'));
    expect(mails.outbox.sent).toHaveLength(1);
  });

  it('lets the other devices get theirs, and each that did not is named', async () => {
    const { processor, device, push: channel, suppressions } = notificationStage();
    for (const name of ['gone', 'opted', 'phone']) await device(name, `t-${name}`);
    channel.outbox.setOutcome('t-gone', 'unregistered');
    channel.outbox.setOutcome('t-opted', 'refused');
    const leftOut = [
      { target: 'gone', outcome: 'unregistered', reason: 'gone' },
      { target: 'opted', outcome: 'refused', reason: expect.stringContaining('opted-out') as string },
    ];
    expect(await processor.processNotification(push, to('a'))).toMatchObject({
      sent: 1,
      unregistered: 1,
      leftOut,
    });
    // What an earlier run found is said again.
    expect(await processor.processNotification(push, to('a'))).toMatchObject({
      sent: 1,
      unregistered: 1,
      leftOut,
    });
    expect((await suppressions.list({ channel: 'push' })).items).toHaveLength(2);
    expect(await processor.processNotification(push, to('b'))).toMatchObject({ sent: 1, unregistered: 0 });
  });

  it('is back when its device registers again', async () => {
    const { processor, device, push: channel, suppressions } = notificationStage();
    await device('phone', 't-1');
    channel.outbox.setOutcome('t-1', 'unregistered');
    await processor.processNotification(push, to('a'));
    expect(await processor.processNotification(push, to('b'))).toMatchObject({ outcome: 'dropped' });
    await device('phone', 't-1');
    channel.outbox.setOutcome('t-1', 'sent');
    expect(await processor.processNotification(push, to('c'))).toMatchObject({ outcome: 'sent', sent: 1 });
    expect((await suppressions.list()).items).toEqual([]);
  });
});

describe('a device that cannot get it now', () => {
  it.each([
    ['is busy', new DestinationBusyError('429')],
    ['has a service that refuses our settings', new ChannelSettingsError('401')],
    ['has a service that is away', new NotificationSendError('ECONNREFUSED')],
  ])('keeps no other from being sent, and is sent alone afterwards: %s', async (_, error) => {
    const { processor, device, push: channel } = notificationStage();
    for (const name of ['a', 'b', 'c']) await device(name, `t-${name}`);
    channel.recorder.fail('send', error);
    await expect(processor.processNotification(push, to('n'))).rejects.toBe(error);
    expect(channel.outbox.sent.map(({ destination }) => destination)).toEqual(['t-b', 't-c']);
    await processor.processNotification(push, to('n'));
    expect(channel.outbox.sent.map(({ destination }) => destination)).toEqual(['t-b', 't-c', 't-a']);
  });

  it.each([
    ['an error that costs an attempt', [new Error('x'), new DestinationBusyError('451')], 1],
    ['one that waits longer', [new DestinationBusyError('451', 300_000), new RetryLater(100)], 1],
    ['a service that is away', [new NotificationSendError('x'), new ChannelSettingsError('x')], 1],
    ['what can never be sent', [new UnrecoverableJobError('x'), new Error('x')], 1],
    ['another error', [new Error('x'), new NotificationSendError('x')], 1],
  ])('decides before %s', async (_, errors, decides) => {
    const { processor, device, push: channel } = notificationStage();
    for (const name of ['a', 'b', 'c']) await device(name, `t-${name}`);
    for (const [after, error] of errors.entries()) channel.recorder.fail('send', error, { after });
    await expect(processor.processNotification(push, to('n'))).rejects.toBe(errors[decides]);
    expect(channel.outbox.sent).toHaveLength(1);
  });

  it('is named with why, where trying again cannot help and others got it', async () => {
    const { processor, device, push: channel, ledger } = notificationStage();
    await device('a', 't-a');
    await device('b', 't-b');
    channel.recorder.fail('send', new UnrecoverableJobError('The push service answered 413.'));
    expect(await processor.processNotification(push, to('n'))).toMatchObject({
      outcome: 'sent',
      leftOut: [{ target: 'a', outcome: 'failed', reason: 'The push service answered 413.' }],
    });
    expect(await ledger.list('n')).toMatchObject([{ target: 'b', outcome: 'sent' }]);
  });

  it('does not make those forgotten that got it, when it is too late for the rest', async () => {
    const { processor, device, push: channel, clock } = notificationStage();
    await device('a', 't-a');
    await device('b', 't-b');
    channel.recorder.fail('send', new DestinationBusyError('429'));
    const job = { ...push, ttlMs: 60_000 };
    await expect(processor.processNotification(job, to('n'))).rejects.toThrow('429');
    await clock.advance(60_000);
    expect(await processor.processNotification(job, to('n'))).toMatchObject({
      outcome: 'sent',
      sent: 1,
      leftOut: [{ target: 'push', outcome: 'expired' }],
    });
  });
});

describe('what a channel cannot send', () => {
  it('is shortened as the channel says, or ends for good with the field named', async () => {
    const { processor, sms } = notificationStage();
    sms.fit = (draft) =>
      draft.body.length > 20
        ? { draft, issues: [{ path: 'message', message: 'must be at most 20 characters' }] }
        : { draft: { ...draft, body: draft.body.slice(0, 10) }, issues: [] };
    const job = { ...push, type: 'sms', phoneNumber: '+4915100000' } as const;
    await processor.processNotification({ ...job, message: 'y'.repeat(15) }, to('a'));
    expect(sms.outbox.sent[0]?.body).toBe('y'.repeat(10));
    const tooLong = processor.processNotification({ ...job, message: 'y'.repeat(30) }, to('b'));
    await expect(tooLong).rejects.toBeInstanceOf(UnrecoverableJobError);
    await expect(tooLong).rejects.toThrow('message must be at most 20 characters');
  });
});
