import assert from 'node:assert/strict';
import type { DevicePlatform } from '../../../ports/notifications/device-token-store.js';
import type {
  NotificationChannel,
  OutgoingNotification,
} from '../../../ports/notifications/notification-channel.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { AWKWARD_TEXT, never, rejectsWhenAborted } from '../contract-values.js';

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
