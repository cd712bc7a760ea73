import assert from 'node:assert/strict';
import type { DevicePlatform } from '../../../ports/notifications/device-token-store.js';
import type {
  NotificationChannel,
  OutgoingNotification,
} from '../../../ports/notifications/notification-channel.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT, never, rejectsWhenAborted } from '../contract-values.js';

/** Titles and messages that a notification may have, short and as long as it takes them, in scripts of one byte and of three. */
const LONG_TEXTS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['x'.repeat(200), 'x'.repeat(700)],
  ['x'.repeat(200), 'x'.repeat(4_000)],
  ['消'.repeat(200), '消'.repeat(300)],
  ['消'.repeat(200), '消'.repeat(4_000)],
];

/** A channel that reaches a peer of the test's. */
export interface NotificationChannelSubject {
  readonly channel: NotificationChannel;
  /** A destination that the peer takes. */
  readonly destination: string;
  /** The device's, for a push channel that serves several platforms. */
  readonly platform?: DevicePlatform;
  /** How many notifications the peer got. */
  readonly received: () => number;
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
        const notification = { ...notificationFor(subject), notificationId: `notification-${++sent}` };
        assert.equal((await channel.send({ ...notification, ...draft }, never())).outcome, 'sent');
        assert.equal(subject.received(), sent);
        assert.deepEqual(channel.fit?.(draft).issues ?? [], []);
      }
    });

    test('sends nothing once it is aborted', async (subject) => {
      await rejectsWhenAborted((signal) => subject.channel.send(notificationFor(subject), signal));
      assert.equal(subject.received(), 0);
    });
  });
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
