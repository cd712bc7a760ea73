import { PlatformPushChannel } from '../../src/message-queue/adapters/push-platforms/index.js';
import { InMemoryPushChannel } from '../../src/message-queue/adapters/in-memory/index.js';
import { InMemoryDeviceTokenStore } from '../../src/message-queue/adapters/in-memory/index.js';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { CircuitBreakers, DeviceTokenStore } from '../../src/message-queue/ports/index.js';
import type { BreakerStatus, DevicePlatform } from '../../src/message-queue/ports/index.js';
import {
  NotificationSendError,
  PushChannel,
} from '../../src/message-queue/ports/notifications/notification-channel.js';
import { recorded } from '../../src/message-queue/testing/recorded.js';
import { HostApps } from '../support/host-app.js';
import { PushBrowser } from '../support/push-browser.js';
import { waitUntil } from '../support/wait-until.js';
import { UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import type {
  ChannelReceipt,
  NotificationDraft,
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

  const body = (most: number) => (draft: NotificationDraft) => ({
    draft: { ...draft, body: draft.body.slice(0, most) },
    issues: draft.title === 'refused' ? [{ path: 'title', message: `is refused at ${most}` }] : [],
  });

  it('takes what every platform takes that it has, each channel asked once', () => {
    const shared = Object.assign(new InMemoryPushChannel(), { fit: body(7) });
    const web = Object.assign(new InMemoryPushChannel(), { fit: body(5) });
    const channel = new PlatformPushChannel({ web, fcm: shared, apns: shared });
    expect(channel.fit({ title: 'News', body: '123456789' }).draft.body).toBe('12345');
    expect(channel.fit({ title: 'refused', body: '' }).issues).toEqual([
      { path: 'title', message: 'is refused at 5' },
      { path: 'title', message: 'is refused at 7' },
    ]);
    const draft = { title: 'News', body: '123456789' };
    expect(new PlatformPushChannel({ web: new InMemoryPushChannel() }).fit(draft)).toEqual({
      draft,
      issues: [],
    });
  });

  it('names the service that a push would go to', () => {
    const web = Object.assign(new InMemoryPushChannel(), { serviceOf: () => 'web:push.example' });
    const channel = new PlatformPushChannel({ web, fcm: new InMemoryPushChannel() });
    const of = (platform?: DevicePlatform): string =>
      channel.serviceOf({ destination: 'd', ...(platform && { platform }) });
    expect([of('web'), of('fcm'), of('apns'), of()]).toEqual(['web:push.example', 'fcm', 'apns', 'unknown']);
  });
});

/** In an app, through its breakers. */
describe('one platform that is down', () => {
  it('keeps no push from the others', async () => {
    const [web, fcm] = [new InMemoryPushChannel(), recorded(new InMemoryPushChannel())];
    const devices = new InMemoryDeviceTokenStore();
    const apps = new HostApps();
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          ...{ provider: 'memory', environment: 'test' },
          circuitBreakers: { failureThreshold: 1, halfOpenAfterMs: 600_000 },
          adapters: [
            { provide: PushChannel, useValue: new PlatformPushChannel({ web, fcm }) },
            { provide: DeviceTokenStore, useValue: devices },
          ],
        }),
      ],
    });
    await devices.register({ deviceId: 'phone', recipientId: 'ana', platform: 'fcm', token: 'token-1' });
    await devices.register({
      deviceId: 'browser',
      recipientId: 'ben',
      platform: 'web',
      token: new PushBrowser('https://push.example/1').token,
    });
    fcm.recorder.fail('send', new NotificationSendError('FCM is down.'));
    const add = (recipientId: string): Promise<unknown> =>
      app.get(MessageQueueService).addNotificationJob({
        ...{ recipientId, type: 'push', title: 'News', message: 'text', createdAt: new Date() },
      });
    await add('ana');
    const statuses = (): readonly BreakerStatus[] => app.get(CircuitBreakers).statuses();
    const state = (name: string): string | undefined =>
      statuses().find(({ dependency }) => dependency === name)?.state;
    await waitUntil(() => state('notification:push:fcm') === 'OPEN', 'the breaker of one platform to open');
    await add('ben');
    await waitUntil(() => web.outbox.sent.length === 1, 'the push of the other platform');
    expect(state('notification:push:web')).toBe('CLOSED');
    expect(state('notification:push')).toBeUndefined();
    await apps.close();
  });
});
