import assert from 'node:assert/strict';
import type { NotificationChannel, OutgoingNotification } from '../../ports/notification-channel.js';
import { declareContract } from './contract-runner.js';
import type { ContractRunner, CreateSubject } from './contract-runner.js';
import { AWKWARD_TEXT, never, rejectsWhenAborted } from './contract-values.js';

/** A channel that reaches a peer of the test's. */
export interface NotificationChannelSubject {
  readonly channel: NotificationChannel;
  /** A destination that the peer takes. */
  readonly destination: string;
  /** How many notifications the peer got. */
  readonly received: () => number;
}

/** What every NotificationChannel keeps. */
export function notificationChannelContract(
  create: CreateSubject<NotificationChannelSubject>,
  runner?: ContractRunner,
): void {
  const notification: Omit<OutgoingNotification, 'destination'> = {
    notificationId: 'notification-1',
    recipientId: 'ben',
    title: 'News',
    body: 'There is news',
    urgent: false,
    expiresAt: null,
  };
  declareContract('NotificationChannel', create, runner, (test) => {
    test('sends one notification to one destination', async ({ channel, destination, received }) => {
      const receipt = await channel.send({ ...notification, destination }, never());
      assert.equal(receipt.outcome, 'sent');
      assert.equal(received(), 1);
    });

    test('takes any text', async ({ channel, destination, received }) => {
      const awkward = { ...notification, destination, title: AWKWARD_TEXT, body: AWKWARD_TEXT, urgent: true };
      const expiresAt = Date.now() + 60_000;
      assert.equal((await channel.send({ ...awkward, expiresAt }, never())).outcome, 'sent');
      assert.equal(received(), 1);
    });

    test('sends nothing once it is aborted', async ({ channel, destination, received }) => {
      await rejectsWhenAborted((signal) => channel.send({ ...notification, destination }, signal));
      assert.equal(received(), 0);
    });
  });
}
