import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import {
  CircuitOpenError,
  InvalidPayloadError,
  RetryLater,
  ShutdownError,
  UnrecoverableJobError,
} from '../../jobs/errors.js';
import type { JobEnd } from '../../jobs/events/job-end.js';
import { WrongKeyError } from '../../ports/encryption/encryption-errors.js';
import { MessageIdTakenError } from '../../ports/messages/message-store.js';
import { SECRET, message, setUp } from '../../../../test/support/delivery-fixture.js';

const ended = {
  ...{ queue: 'message-delivery', job: 'send-message', jobId: 'm_1', attempt: 3, correlationId: 'm_1' },
  // As it is stored: JSON.
  payload: { ...message, createdAt: '2026-01-01T00:00:00.000Z' } as unknown,
};

/** The end of a job that becomes a dead letter. */
function died(error: Error, payload: unknown = ended.payload): JobEnd {
  const failure = { at: 1, attempt: 3, kind: 'error', error: error.name, message: '' } as const;
  return { ...ended, payload, outcome: 'dead-letter', error, failure };
}

describe('send-message', () => {
  it('validates, sends, notes "sent" and tells the sender', async () => {
    const { processor, transport, store } = setUp();
    const context = fakeJobContext();
    const result = await processor.processSendMessage(message, context);
    expect(result).toEqual({
      ...{ messageId: 'm-1', recipientId: 'ben', status: 'sent', encrypted: false, repeated: false },
    });
    expect(
      context.reported.map(({ percentage, step, currentStep }) => [percentage, step, currentStep]),
    ).toEqual([
      [10, 'validation', 1],
      [40, 'sending', 2],
      [100, 'complete', 3],
    ]);
    expect(transport.delivered).toMatchObject([{ messageId: 'm-1', content: SECRET, encrypted: false }]);
    expect(await store.find('m-1')).toMatchObject({ content: SECRET, recipients: [{ status: 'sent' }] });
    expect(transport.recorder.callsOf('announceStatus')[0]?.args[0]).toMatchObject({
      ...{ messageId: 'm-1', senderId: 'ada', recipientId: 'ben', conversationId: 'c-1', status: 'sent' },
    });
  });

  it('ends what the recipient refuses for good as a failed status with the reason, not as an error', async () => {
    const { processor, transport, store } = setUp();
    transport.setOutcome('ben', 'refused');
    const reason = 'the recipient takes nothing more';
    const result = await processor.processSendMessage(message, fakeJobContext());
    expect(result).toMatchObject({ status: 'failed', repeated: false, reason });
    expect(await store.findStatus('m-1', 'ben')).toMatchObject({ status: 'failed', failureReason: reason });
    expect(transport.recorder.callsOf('announceStatus')[0]?.args[0]).toMatchObject({ status: 'failed' });
  });

  it('seals first when the message asks for it: neither store nor transport see the text', async () => {
    const { processor, transport, store, cipher } = setUp();
    const result = await processor.processSendMessage(
      { ...message, requiresEncryption: true },
      fakeJobContext(),
    );
    expect(result.encrypted).toBe(true);
    const envelope = transport.delivered[0]?.content ?? '';
    expect((await cipher.open({ messageId: 'm-1', envelope })).content).toBe(SECRET);
    expect(transport.delivered[0]?.encrypted).toBe(true);
    const seen = JSON.stringify([
      transport.recorder.calls,
      store.recorder.calls,
      await store.find('m-1'),
      result,
    ]);
    expect(seen).not.toContain(SECRET);
  });

  it('leaves the message pending for an offline recipient; confirmed at once, it is delivered', async () => {
    const { processor, transport, store, statusOf } = setUp();
    transport.setOutcome('ben', 'offline');
    expect((await processor.processSendMessage(message, fakeJobContext())).status).toBe('pending');
    expect((await store.listPending('ben')).items).toMatchObject([{ messageId: 'm-1', content: SECRET }]);
    transport.setOutcome('ben', 'delivered');
    expect((await processor.processSendMessage(message, fakeJobContext())).status).toBe('delivered');
    expect(await statusOf()).toBe('delivered');
  });

  it('keeps each recipient of one message apart', async () => {
    const { processor, store } = setUp();
    await processor.processSendMessage(message, fakeJobContext());
    await processor.processSendMessage({ ...message, recipientId: 'cem' }, fakeJobContext());
    const stored = await store.find('m-1');
    expect(stored?.recipients.map(({ recipientId, status }) => [recipientId, status])).toEqual([
      ['ben', 'sent'],
      ['cem', 'sent'],
    ]);
  });

  it('leaves the message pending when a run fails, and notes "failed" with its reason once the job is a dead letter', async () => {
    const { processor, transport, store, statusOf } = setUp();
    const down = Object.assign(new Error(`could not send "${SECRET}"`), { code: 'ECONNREFUSED' });
    transport.recorder.fail('deliver', down);
    await expect(processor.processSendMessage(message, fakeJobContext({ attempt: 3 }))).rejects.toBe(down);
    expect(await statusOf()).toBe('pending');
    await processor.onJobEnd(died(down));
    const status = await store.findStatus('m-1', 'ben');
    expect(status).toMatchObject({ status: 'failed', failureReason: 'Error (ECONNREFUSED)' });
    expect(transport.recorder.callsOf('announceStatus')).toHaveLength(1);
    // A replay that succeeds: failed is not the end.
    await processor.processSendMessage(message, fakeJobContext());
    expect(await statusOf()).toBe('sent');
  });

  it('lets a replayed message wait again when its recipient is offline', async () => {
    const { processor, transport, store, statusOf } = setUp();
    await processor.onJobEnd(died(new UnrecoverableJobError('The webhook answered 404.')));
    transport.setOutcome('ben', 'offline');
    const replay = await processor.processSendMessage(message, fakeJobContext());
    expect(replay.status).toBe('pending');
    expect(await statusOf()).toBe('pending');
    expect((await store.listPending('ben')).items).toMatchObject([{ messageId: 'm-1' }]);
  });

  it('notes "failed" of a message that could not be sealed, without its text, and stores it sealed when replayed', async () => {
    const { processor, store, keys, transport } = setUp();
    const sealedMessage = { ...message, requiresEncryption: true, batchId: 'b-1' };
    keys.recorder.fail('current', new WrongKeyError('Key "k-1" is not 32 bytes long.'));
    const run = processor.processSendMessage(sealedMessage, fakeJobContext());
    await expect(run).rejects.toBeInstanceOf(WrongKeyError);
    await processor.onJobEnd(died(new WrongKeyError('Key "k-1" is not 32 bytes long.'), sealedMessage));
    expect(await store.findStatus('m-1', 'ben')).toMatchObject({
      ...{ status: 'failed', failureReason: expect.stringContaining('not 32 bytes long') as string },
    });
    expect((await store.countBatch('b-1')).failed).toBe(1);
    expect((await store.listPending('ben')).items).toEqual([]);
    expect(JSON.stringify([store.recorder.calls, transport.recorder.calls])).not.toContain(SECRET);
    expect((await processor.processSendMessage(sealedMessage, fakeJobContext())).status).toBe('sent');
    expect((await store.find('m-1'))?.content).toBe(transport.delivered[0]?.content);
  });

  it("gives nobody another's message who sends with its id", async () => {
    const { processor, store, transport } = setUp();
    transport.setOutcome('mallory', 'offline');
    await processor.processSendMessage(message, fakeJobContext());
    const forged = { ...message, senderId: 'mallory', recipientId: 'mallory', content: 'anything' };
    const run = processor.processSendMessage(forged, fakeJobContext());
    await expect(run).rejects.toBeInstanceOf(MessageIdTakenError);
    expect((await store.listPending('mallory')).items).toEqual([]);
    expect(transport.delivered).toHaveLength(1);
  });

  it.each<[string, JobEnd, string]>([
    [
      'cancelled',
      { ...ended, outcome: 'cancelled', reason: 'by ada' },
      'JOB_CANCELLED: The job was cancelled: by ada',
    ],
    ['not sent in time', { ...ended, outcome: 'expired' }, 'JOB_EXPIRED: It was not sent in time.'],
  ])('notes "failed" of a message that was %s before it was stored', async (_how, end, reason) => {
    const { processor, store } = setUp();
    await processor.onJobEnd(end);
    expect(await store.find('m-1')).toMatchObject({ content: SECRET, recipients: [{ status: 'failed' }] });
    expect((await store.findStatus('m-1', 'ben'))?.failureReason).toBe(reason);
  });

  it.each<[string, JobEnd]>([
    ['completed', { ...ended, outcome: 'completed', result: null, durationMs: 1 }],
    ['of another job', { ...died(new Error('no')), job: 'delivery-confirmation' }],
    [
      'of a payload that names no message',
      died(new InvalidPayloadError('wrong', []), { recipientId: 'ben' }),
    ],
    ['of a payload that is not one', died(new InvalidPayloadError('wrong', []), null)],
    ['of a payload that was never valid', died(new InvalidPayloadError('wrong', []))],
  ])('stores nothing for an end %s', async (_which, end) => {
    const { processor, store } = setUp();
    await processor.onJobEnd(end);
    expect(await store.find('m-1')).toBeNull();
  });

  it('ends quietly when the failure cannot be recorded, and quotes nothing', async () => {
    const { processor, store } = setUp();
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    store.recorder.fail('advanceStatus', new Error(`lost ${SECRET}`));
    await processor.onJobEnd(died(new Error('no')));
    expect(warned.mock.calls.join()).toMatch(/Could not record the failure of job m_1 .*: Error$/);
    warned.mockRestore();
  });

  it.each([
    ['a wish to wait', new RetryLater(5_000)],
    ['an open circuit', new CircuitOpenError('transport', 5_000)],
    ['an unrecoverable error', new UnrecoverableJobError('The webhook answered 404.')],
  ])('passes %s on and notes no failure itself, even on the last attempt', async (_, error) => {
    const { processor, transport, statusOf } = setUp();
    transport.recorder.fail('deliver', error);
    await expect(processor.processSendMessage(message, fakeJobContext({ attempt: 3 }))).rejects.toBe(error);
    expect(await statusOf()).toBe('pending');
  });

  it.each(['transport', 'store'])(
    'waits, without failing the message, while the %s is down',
    async (dependency) => {
      const { processor, breakers, transport, statusOf } = setUp();
      breakers.open(dependency, 700);
      const run = processor.processSendMessage(message, fakeJobContext({ attempt: 3 }));
      await expect(run).rejects.toBeInstanceOf(CircuitOpenError);
      expect(transport.delivered).toEqual([]);
      breakers.close(dependency);
      expect(await statusOf()).not.toBe('failed');
      await processor.processSendMessage(message, fakeJobContext({ attempt: 3 }));
      expect(await statusOf()).toBe('sent');
    },
  );

  it('does nothing once its signal has aborted', async () => {
    const { processor, store, transport } = setUp();
    const context = fakeJobContext();
    context.abort(new ShutdownError('stopping'));
    await expect(processor.processSendMessage(message, context)).rejects.toBeInstanceOf(ShutdownError);
    expect([...store.recorder.calls, ...transport.recorder.calls]).toEqual([]);
  });

  it('does not fail because the sender could not be told', async () => {
    const { processor, transport, statusOf } = setUp();
    transport.recorder.fail('announceStatus', new Error(`lost ${SECRET}`));
    const context = fakeJobContext();
    await processor.processSendMessage(message, context);
    expect(await statusOf()).toBe('sent');
    expect(context.lines.join()).toContain('Could not announce "sent": Error');
    expect(context.lines.join()).not.toContain(SECRET);
  });
});
