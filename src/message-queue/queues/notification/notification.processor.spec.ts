import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import { email, notificationStage, NOW, push } from '../../../../test/support/notification-stage.js';
import { RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import { MissingTemplateVariablesError } from '../../ports/notifications/template-renderer.js';

describe('send-notification', () => {
  it('collects what has a digestKey, and asks nobody yet', async () => {
    const { processor, digests, push: channel, ledger } = notificationStage();
    const context = fakeJobContext();
    const job = { ...push, digestKey: 'chat', digestTemplate: 'list' };
    expect(await processor.processNotification(job, context)).toEqual({
      ...{ notificationId: context.jobId, type: 'push', outcome: 'collected', sent: 0, unregistered: 0 },
      leftOut: [],
    });
    expect(digests.recorder.callsOf('collect').map(({ args: [item] }) => item)).toEqual([
      { ...job, notificationId: context.jobId },
    ]);
    expect([channel.outbox.sent, await ledger.list(context.jobId)]).toEqual([[], []]);
  });

  it('sends what is urgent at once, digest or not', async () => {
    const { processor, device, digests, push: channel } = notificationStage();
    await device('phone', 't-1');
    const job = { ...push, digestKey: 'chat', priority: 'urgent' as const };
    expect(await processor.processNotification(job, fakeJobContext())).toMatchObject({ outcome: 'sent' });
    expect([digests.recorder.calls.length, channel.outbox.sent.length]).toEqual([0, 1]);
  });

  it('pushes to every device of the recipient and reports progress', async () => {
    const { processor, device, push: channel } = notificationStage();
    await device('phone', 't-1');
    await device('tablet', 't-2');
    const context = fakeJobContext();
    const job = { ...push, pushPayload: { badge: 3 }, messageId: 'm-1', ttlMs: 60_000 };
    expect(await processor.processNotification(job, context)).toEqual({
      ...{ notificationId: 'm_test', type: 'push', outcome: 'sent', sent: 2, unregistered: 0 },
      leftOut: [],
    });
    expect(channel.outbox.sent).toMatchObject([
      { destination: 't-1', platform: 'fcm', title: 'News', body: 'There is news', push: { badge: 3 } },
      { destination: 't-2', notificationId: 'm_test', expiresAt: NOW.getTime() + 60_000, urgent: false },
    ]);
    expect(context.reported.map(({ percentage }) => percentage)).toEqual([10, 40, 100]);
  });

  it('sends e-mail and SMS to the given destination, else to the known one', async () => {
    const { processor, contacts, email: mails, sms } = notificationStage();
    contacts.setContact({ recipientId: 'ben', email: 'known@example.org', phone: '+4915100000' });
    await processor.processNotification(email, fakeJobContext({ jobId: 'a' }));
    await processor.processNotification({ ...push, type: 'email' }, fakeJobContext({ jobId: 'b' }));
    await processor.processNotification({ ...push, type: 'sms' }, fakeJobContext({ jobId: 'c' }));
    expect(mails.outbox.sent.map(({ destination }) => destination)).toEqual([
      'ben@example.org',
      'known@example.org',
    ]);
    expect(sms.outbox.sent.map(({ destination }) => destination)).toEqual(['+4915100000']);
  });

  it('writes in-app notifications to the inbox once, however often the job runs', async () => {
    const { processor, inbox, inApp } = notificationStage();
    const job = { ...push, type: 'in_app' } as const;
    inApp.recorder.fail('send');
    await expect(processor.processNotification(job, fakeJobContext())).rejects.toThrow();
    inApp.outbox.setOutcome('ben', 'offline');
    const result = await processor.processNotification(job, fakeJobContext());
    expect(result).toMatchObject({ outcome: 'sent', sent: 1 });
    expect((await inbox.list('ben')).items).toMatchObject([{ notificationId: 'm_test', title: 'News' }]);
  });

  it('leaves out destinations that got it in an earlier run', async () => {
    const { processor, device, push: channel } = notificationStage();
    await device('phone', 't-1');
    await device('tablet', 't-2');
    channel.recorder.fail('send');
    await expect(processor.processNotification(push, fakeJobContext())).rejects.toThrow('as the test asked');
    expect(channel.outbox.sent.map(({ destination }) => destination)).toEqual(['t-2']);
    expect(await processor.processNotification(push, fakeJobContext())).toMatchObject({ sent: 2 });
    expect(channel.outbox.sent.map(({ destination }) => destination)).toEqual(['t-2', 't-1']);
  });

  it('removes the token of an unregistered device, unless it has changed meanwhile', async () => {
    const { processor, device, devices, push: channel } = notificationStage();
    await device('phone', 't-1');
    await device('tablet', 't-2');
    channel.outbox.setOutcome('t-1', 'unregistered');
    expect(await processor.processNotification(push, fakeJobContext())).toMatchObject({
      sent: 1,
      unregistered: 1,
    });
    const { signal } = fakeJobContext();
    expect((await devices.list('ben', signal)).map(({ deviceId }) => deviceId)).toEqual(['tablet']);
    await device('tablet', 't-3');
    expect(await devices.removeIfUnchanged('tablet', 't-2', signal)).toBe(false);
    expect(await devices.list('ben', signal)).toHaveLength(1);
  });

  it('drops what is older than its ttlMs and says why', async () => {
    const { processor, device, push: channel, ledger, clock } = notificationStage();
    await device('phone', 't-1');
    await clock.advance(60_000);
    const result = await processor.processNotification({ ...push, ttlMs: 60_000 }, fakeJobContext());
    expect(result).toMatchObject({ outcome: 'dropped', reason: 'older than its ttlMs of 60000 ms' });
    expect(channel.outbox.sent).toEqual([]);
    expect(await ledger.list('m_test')).toMatchObject([
      { target: 'push', outcome: 'expired', recipientId: 'ben' },
    ]);
  });

  it('counts ttlMs from when its job was added, when it claims to be younger', async () => {
    const { processor, device, push: channel, clock } = notificationStage();
    await device('phone', 't-1');
    const fromTheFuture = { ...push, createdAt: new Date(NOW.getTime() + 86_400_000), ttlMs: 60_000 };
    const added = { addedAt: new Date(NOW) };
    await processor.processNotification(fromTheFuture, fakeJobContext({ ...added, jobId: 'a' }));
    expect(channel.outbox.sent).toMatchObject([{ expiresAt: NOW.getTime() + 60_000 }]);
    await clock.advance(60_000);
    const late = await processor.processNotification(fromTheFuture, fakeJobContext({ ...added, jobId: 'b' }));
    expect(late).toMatchObject({ outcome: 'dropped' });
  });

  it('respects an opt-out of the channel, even for urgent ones', async () => {
    const { processor, preferences, email: mails, ledger } = notificationStage();
    await preferences.save({ recipientId: 'ben', optedOut: ['email'], quietHours: null });
    const result = await processor.processNotification({ ...email, priority: 'urgent' }, fakeJobContext());
    expect(result.outcome).toBe('dropped');
    expect(mails.outbox.sent).toEqual([]);
    expect((await ledger.list('m_test'))[0]?.outcome).toBe('opted-out');
  });

  it('waits for the end of quiet hours; urgent and in-app ones pass', async () => {
    const { processor, preferences, email: mails, clock } = notificationStage();
    const quietHours = { start: '11:00', end: '14:00', timeZone: 'UTC' };
    await preferences.save({ recipientId: 'ben', optedOut: [], quietHours });
    const waiting = processor.processNotification(email, fakeJobContext());
    await expect(waiting).rejects.toBeInstanceOf(RetryLater);
    await expect(waiting).rejects.toMatchObject({ delayMs: 2 * 3_600_000 });
    expect(mails.outbox.sent).toEqual([]);
    await processor.processNotification({ ...push, type: 'in_app' }, fakeJobContext({ jobId: 'a' }));
    await processor.processNotification({ ...email, priority: 'urgent' }, fakeJobContext({ jobId: 'b' }));
    expect(mails.outbox.sent).toMatchObject([{ urgent: true }]);
    await clock.advance(2 * 3_600_000);
    expect(await processor.processNotification(email, fakeJobContext())).toMatchObject({ outcome: 'sent' });
  });

  it('sends in spite of quiet hours that cannot be read', async () => {
    const { processor, preferences } = notificationStage();
    const quietHours = { start: '11:00', end: '14:00', timeZone: 'Mars/Olympus' };
    await preferences.save({ recipientId: 'ben', optedOut: [], quietHours });
    const context = fakeJobContext();
    expect(await processor.processNotification(email, context)).toMatchObject({ outcome: 'sent' });
    expect(context.lines.join()).toContain('Quiet hours ignored');
  });

  it('drops with a reason when the recipient has no destination', async () => {
    const { processor, ledger } = notificationStage();
    const result = await processor.processNotification(push, fakeJobContext());
    expect(result).toMatchObject({
      outcome: 'dropped',
      reason: 'the recipient has no "push" destination',
      sent: 0,
    });
    expect((await ledger.list('m_test'))[0]?.outcome).toBe('no-destination');
  });

  it('fills templates, with escaped HTML for e-mail only', async () => {
    const { processor, templates, email: mails, sms } = notificationStage();
    templates.setTemplate('welcome', {
      title: 'Hi {{ name }}',
      text: 'Hi {{name}}',
      html: '<p>{{ name }}</p>',
    });
    const job = {
      ...{ ...email, title: undefined, message: undefined },
      ...{ template: 'welcome', variables: { name: '<b>Ben</b>' } },
    };
    await processor.processNotification(job, fakeJobContext({ jobId: 'a' }));
    await processor.processNotification(
      { ...job, type: 'sms', phoneNumber: '+49151' },
      fakeJobContext({ jobId: 'b' }),
    );
    expect(mails.outbox.sent).toMatchObject([
      { title: 'Hi <b>Ben</b>', body: 'Hi <b>Ben</b>', html: '<p>&lt;b&gt;Ben&lt;/b&gt;</p>' },
    ]);
    expect(sms.outbox.sent[0]?.html).toBeUndefined();
    const incomplete = processor.processNotification({ ...job, variables: {} }, fakeJobContext());
    await expect(incomplete).rejects.toBeInstanceOf(MissingTemplateVariablesError);
  });

  it('lets other channels flow while one is down', async () => {
    const { processor, breakers, device, push: channel, email: mails } = notificationStage();
    await device('phone', 't-1');
    breakers.open('notification:push', 700);
    const run = processor.processNotification(push, fakeJobContext({ jobId: 'a', attempt: 3 }));
    await expect(run).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', dependency: 'notification:push' });
    await processor.processNotification(email, fakeJobContext({ jobId: 'b' }));
    expect([channel.outbox.sent.length, mails.outbox.sent.length]).toEqual([0, 1]);
    breakers.close('notification:push');
    await processor.processNotification(push, fakeJobContext({ jobId: 'a' }));
    expect(channel.outbox.sent).toHaveLength(1);
  });

  it('fails for good when every destination refused for good, and completes when one took it', async () => {
    const { processor, device, push: channel } = notificationStage();
    await device('phone', 't-1');
    const refusal = new UnrecoverableJobError('The push service answered 400.');
    channel.recorder.fail('send', refusal);
    await expect(processor.processNotification(push, fakeJobContext({ jobId: 'a' }))).rejects.toBe(refusal);
    await device('tablet', 't-2');
    channel.recorder.fail('send', refusal);
    const context = fakeJobContext({ jobId: 'b' });
    expect(await processor.processNotification(push, context)).toMatchObject({ outcome: 'sent', sent: 1 });
    expect(context.lines.join()).toContain('1 destination(s) refused');
  });
});
