import { PlatformPushChannel } from '../../src/message-queue/adapters/push-platforms/index.js';
import { InMemoryPushChannel } from '../../src/message-queue/adapters/in-memory/index.js';
import { UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import type {
  ChannelReceipt,
  OutgoingNotification,
} from '../../src/message-queue/ports/notifications/notification-channel.js';
import { notificationChannelContract } from '../../src/message-queue/testing/contracts/index.js';

const { signal } = new AbortController();
const push: OutgoingNotification = {
  ...{
    notificationId: 'm_1',
    recipientId: 'ben',
    destination: 'token',
    title: 'News',
    body: 'There is news',
  },
  ...{ urgent: false, expiresAt: null },
};

class NotingPushChannel extends InMemoryPushChannel {
  taken = 0;

  override async send(notification: OutgoingNotification, given: AbortSignal): Promise<ChannelReceipt> {
    const receipt = await super.send(notification, given);
    this.taken += 1;
    return receipt;
  }
}

describe.each(['web', 'fcm', 'apns'] as const)('PlatformPushChannel, %s', (platform) => {
  notificationChannelContract(() => {
    const [own, other] = [new NotingPushChannel(), new InMemoryPushChannel()];
    const channel = new PlatformPushChannel({ web: other, fcm: other, apns: other, [platform]: own });
    return { channel, destination: 'token', platform, received: () => own.taken };
  });
});

describe('PlatformPushChannel', () => {
  it('gives each device to the channel of its platform', async () => {
    const [web, fcm] = [new InMemoryPushChannel(), new InMemoryPushChannel()];
    const channel = new PlatformPushChannel({ web, fcm });
    await channel.send({ ...push, platform: 'fcm' }, signal);
    await channel.send({ ...push, platform: 'web' }, signal);
    expect([web, fcm].map(({ outbox }) => outbox.sent.map(({ platform }) => platform))).toEqual([
      ['web'],
      ['fcm'],
    ]);
  });

  it.each([['apns'], [undefined]] as const)(
    'gives up on platform %s, which it has no channel for',
    async (platform) => {
      const channel = new PlatformPushChannel({ web: new InMemoryPushChannel() });
      const sending = channel.send({ ...push, ...(platform && { platform }) }, signal);
      await expect(sending).rejects.toThrow(UnrecoverableJobError);
      await expect(sending).rejects.toThrow(`no push channel for platform "${platform ?? 'unknown'}"`);
    },
  );

  it('passes the shutdown on, once to each', async () => {
    const closing = Object.assign(new InMemoryPushChannel(), {
      closed: 0,
      onApplicationShutdown: () => void (closing.closed += 1),
    });
    const channel = new PlatformPushChannel({ fcm: closing, apns: closing, web: new InMemoryPushChannel() });
    await channel.onApplicationShutdown();
    expect(closing.closed).toBe(1);
  });
});
