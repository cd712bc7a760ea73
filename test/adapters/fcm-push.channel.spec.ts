import { FcmPushChannel } from '../../src/message-queue/adapters/fcm/index.js';
import type { FcmMessage } from '../../src/message-queue/adapters/fcm/index.js';
import { PlatformPushChannel } from '../../src/message-queue/adapters/push-platforms/index.js';
import { RecordingPushChannel } from '../../src/message-queue/adapters/recording/index.js';
import { RetryLater, UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import { NotificationSendError } from '../../src/message-queue/ports/notification-channel.js';
import type { OutgoingNotification } from '../../src/message-queue/ports/notification-channel.js';

const { signal } = new AbortController();
const push: OutgoingNotification = {
  ...{ notificationId: 'm_1', recipientId: 'ben', destination: 'token-secret', platform: 'fcm' },
  ...{ title: 'News', body: 'There is news', urgent: false, expiresAt: null },
};

/** What firebase-admin's Messaging does, as far as this library sees it. */
class Messaging {
  readonly sent: FcmMessage[] = [];
  constructor(private readonly code?: string) {}

  send(message: FcmMessage): Promise<string> {
    this.sent.push(message);
    if (this.code === undefined) return Promise.resolve('projects/p/messages/7');
    return Promise.reject(Object.assign(new Error('about token-secret: MARKER'), { code: this.code }));
  }
}

const failureOf = (sending: Promise<unknown>): Promise<Error> =>
  sending.then(
    () => Promise.reject(new Error('It was sent.')),
    (error: unknown) => error as Error,
  );

describe('FcmPushChannel', () => {
  it('sends what Android and iOS show', async () => {
    const messaging = new Messaging();
    const expiresAt = Date.now() + 60_000;
    const details = {
      badge: 3,
      sound: 'ping',
      image: 'https://x/y.png',
      tag: 't',
      data: { room: 7, muted: false },
    };
    const full = { ...push, messageId: 'm-9', push: details, expiresAt, urgent: true };
    expect(await new FcmPushChannel(messaging).send(full, signal)).toEqual({
      ...{ outcome: 'sent', providerId: 'projects/p/messages/7' },
    });
    const [message] = messaging.sent;
    expect(message).toMatchObject({
      token: 'token-secret',
      notification: { title: 'News', body: 'There is news', imageUrl: 'https://x/y.png' },
      data: { room: '7', muted: 'false', notificationId: 'm_1', messageId: 'm-9' },
      android: { priority: 'high', notification: { tag: 't', sound: 'ping' } },
      apns: {
        headers: { 'apns-priority': '10', 'apns-expiration': String(Math.floor(expiresAt / 1_000)) },
        payload: { aps: { badge: 3, sound: 'ping', 'interruption-level': 'time-sensitive' } },
      },
    });
    expect(message?.android.ttl).toBeGreaterThan(50_000);
    expect(message?.apns.headers['apns-collapse-id']).toBe(message?.android.collapseKey);
  });

  it('gives repeats and pushes of one tag the same collapse key, and leaves out what is not there', async () => {
    const messaging = new Messaging();
    const channel = new FcmPushChannel(messaging);
    for (const more of [
      {},
      {},
      { notificationId: 'a', push: { tag: 't' } },
      { notificationId: 'b', push: { tag: 't' } },
    ]) {
      await channel.send({ ...push, ...more }, signal);
    }
    const keys = messaging.sent.map(({ android }) => android.collapseKey);
    expect(keys).toEqual([keys[0], keys[0], keys[2], keys[2]]);
    expect(keys[0]).not.toBe(keys[2]);
    const [plain] = messaging.sent;
    expect(plain?.android).toEqual({ priority: 'high', collapseKey: keys[0], notification: {} });
    expect(plain?.apns.payload).toEqual({ aps: {} });
    expect(Object.keys(plain?.data ?? {})).toEqual(['notificationId']);
  });

  it.each(['messaging/registration-token-not-registered', 'messaging/invalid-registration-token'])(
    'reports %s as unregistered',
    async (code) => {
      const channel = new FcmPushChannel(new Messaging(code));
      expect(await channel.send(push, signal)).toEqual({ outcome: 'unregistered' });
    },
  );

  it.each([
    ['messaging/message-rate-exceeded', RetryLater],
    ['messaging/device-message-rate-exceeded', RetryLater],
    ['messaging/invalid-argument', UnrecoverableJobError],
    ['messaging/payload-size-limit-exceeded', UnrecoverableJobError],
    ['messaging/mismatched-credential', UnrecoverableJobError],
    ['messaging/invalid-apns-credentials', NotificationSendError],
    ['messaging/third-party-auth-error', NotificationSendError],
    ['messaging/server-unavailable', NotificationSendError],
    ['messaging/internal-error', NotificationSendError],
    ['app/network-error', NotificationSendError],
  ])("maps %s, without FCM's words", async (code, type) => {
    const failure = await failureOf(new FcmPushChannel(new Messaging(code)).send(push, signal));
    expect(failure).toBeInstanceOf(type);
    expect(failure.message).toContain(code);
    expect(failure.message).not.toMatch(/secret|MARKER/);
  });

  it('stops at its signal', async () => {
    const controller = new AbortController();
    const channel = new FcmPushChannel({ send: () => new Promise(() => undefined) });
    const sending = failureOf(channel.send(push, controller.signal));
    controller.abort(new Error('the job timed out'));
    expect((await sending).message).toBe('the job timed out');
  });
});

describe('PlatformPushChannel', () => {
  it('gives each device to the channel of its platform', async () => {
    const [web, fcm] = [new RecordingPushChannel(), new RecordingPushChannel()];
    const channel = new PlatformPushChannel({ web, fcm });
    await channel.send(push, signal);
    await channel.send({ ...push, platform: 'web' }, signal);
    expect([web.record.sent.length, fcm.record.sent.length]).toEqual([1, 1]);
    const failure = await failureOf(channel.send({ ...push, platform: 'apns' }, signal));
    expect(failure).toBeInstanceOf(UnrecoverableJobError);
    expect(failure.message).toContain('no push channel for platform "apns"');
  });

  it('passes the shutdown on, once to each', async () => {
    const closing = Object.assign(new RecordingPushChannel(), {
      closed: 0,
      onApplicationShutdown: () => void (closing.closed += 1),
    });
    await new PlatformPushChannel({
      fcm: closing,
      apns: closing,
      web: new RecordingPushChannel(),
    }).onApplicationShutdown();
    expect(closing.closed).toBe(1);
  });
});
