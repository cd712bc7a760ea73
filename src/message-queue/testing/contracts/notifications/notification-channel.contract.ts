import assert from 'node:assert/strict';
import type { DevicePlatform } from '../../../ports/notifications/device-token-store.js';
import { RetryLater, UnrecoverableJobError } from '../../../jobs/errors.js';
import { ChannelSettingsError, DestinationBusyError } from '../../../ports/destination-errors.js';
import type {
  ChannelReceipt,
  NotificationChannel,
  OutgoingNotification,
} from '../../../ports/notifications/notification-channel.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT, never, rejectsWhenAborted } from '../contract-values.js';

/** Titles and messages that a notification may have, short and as long as it takes them, in scripts of one to four bytes, and what JSON makes longer. */
const LONG_TEXTS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['x'.repeat(200), 'x'.repeat(700)],
  ['x'.repeat(200), 'x'.repeat(4_000)],
  ['消'.repeat(200), '消'.repeat(300)],
  ['消'.repeat(200), '消'.repeat(4_000)],
  ['News', '😀'.repeat(2_000)],
  ['News', '"'.repeat(4_000)],
  ['News', 'a\n'.repeat(2_000)],
];
/** As long as a job's id may be, but for a digit. */
const LONG_ID = '消'.repeat(199);

/** What an answer of a service is about: see NotificationChannel. */
export type AnswerAbout = 'destination' | 'destination-for-now' | 'settings' | 'service';

/** A channel that reaches a peer of the test's. */
export interface NotificationChannelSubject {
  readonly channel: NotificationChannel;
  /** A destination that the peer takes. */
  readonly destination: string;
  /** The device's, for a push channel that serves several platforms. */
  readonly platform?: DevicePlatform;
  /** How many notifications the peer got. */
  readonly received: () => number;
  /** Makes the peer answer the next notification so, for each kind of answer that the service has. Default: none is tried. */
  readonly answers?: Partial<Readonly<Record<AnswerAbout, () => void>>>;
}

/** The contract of every NotificationChannel. */
export function notificationChannelContract(
  create: CreateSubject<NotificationChannelSubject>,
  runner?: ContractRunner,
): void {
  declareContract('NotificationChannel', create, runner, (test) => {
    test('sends one notification to one destination', async (subject) => {
      const receipt = await subject.channel.send(notificationFor(subject), never());
      assert.equal(receipt.outcome, 'sent');
      assert.equal(subject.received(), 1);
    });

    test('takes any text', async (subject) => {
      const awkward = { ...notificationFor(subject), title: AWKWARD_TEXT, body: AWKWARD_TEXT, urgent: true };
      const expiresAt = Date.now() + 60_000;
      assert.equal((await subject.channel.send({ ...awkward, expiresAt }, never())).outcome, 'sent');
      assert.equal(subject.received(), 1);
    });

    test('sends what it says fits, and names the fields of what does not, without quoting them', async (subject) => {
      const { channel } = subject;
      let sent = 0;
      for (const [title, body] of LONG_TEXTS) {
        const { issues, draft } = channel.fit?.({ title, body }) ?? { issues: [], draft: { title, body } };
        for (const { path, message } of issues) {
          assert.match(path, /^(title|message|pushPayload)/);
          assert.ok(message !== '' && !message.includes('消消') && !message.includes('xx'));
        }
        if (issues.length > 0) continue;
        const notification = { ...notificationFor(subject), notificationId: `${LONG_ID}${++sent}` };
        assert.equal((await channel.send({ ...notification, ...draft }, never())).outcome, 'sent');
        assert.equal(subject.received(), sent);
        assert.deepEqual(channel.fit?.(draft).issues ?? [], []);
      }
    });

    test('says what an answer is about', async (subject) => {
      for (const about of ['destination', 'destination-for-now', 'settings', 'service'] as const) {
        const answer = subject.answers?.[about];
        if (answer === undefined) continue;
        answer();
        const told = await outcomeOf(subject);
        assert.equal(aboutWhat(told), about, `an answer about "${about}" was not told as such`);
        assert.ok(!JSON.stringify(told).includes(subject.destination), 'no answer names the destination');
      }
    });

    test('names the service of a destination without the destination', async (subject) => {
      const { channel, destination, platform } = subject;
      const service = channel.serviceOf?.({ destination, ...(platform !== undefined && { platform }) });
      assert.ok(service === undefined || (service.length > 0 && service.length <= 300));
      assert.ok(!service?.includes(destination), 'The name of the service quotes the destination.');
      await Promise.resolve();
    });

    test('sends nothing once it is aborted', async (subject) => {
      await rejectsWhenAborted((signal) => subject.channel.send(notificationFor(subject), signal));
      assert.equal(subject.received(), 0);
    });
  });
}

async function outcomeOf(subject: NotificationChannelSubject): Promise<ChannelReceipt | Error> {
  try {
    return await subject.channel.send(notificationFor(subject), never());
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.ok(!error.message.includes(subject.destination), 'no error names the destination');
    return error;
  }
}

function aboutWhat(told: ChannelReceipt | Error): AnswerAbout | 'nothing' {
  if (told instanceof DestinationBusyError) return 'destination-for-now';
  if (told instanceof ChannelSettingsError) return 'settings';
  if (told instanceof UnrecoverableJobError || told instanceof RetryLater) return 'nothing';
  if (told instanceof Error) return 'service';
  return told.outcome === 'refused' || told.outcome === 'unregistered' ? 'destination' : 'nothing';
}

function notificationFor({ destination, platform }: NotificationChannelSubject): OutgoingNotification {
  return {
    notificationId: 'notification-1',
    recipientId: 'ben',
    destination,
    ...(platform !== undefined && { platform }),
    title: 'News',
    body: 'There is news',
    urgent: false,
    expiresAt: null,
  };
}
