import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cert, deleteApp, initializeApp } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import { InMemoryDeviceTokenStore } from '../../src/message-queue/adapters/in-memory/index.js';
import { FcmPushChannel } from '../../src/message-queue/adapters/fcm/index.js';
import type { FcmMessage, FcmOptions } from '../../src/message-queue/adapters/fcm/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { RateLimited, UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import {
  ChannelSettingsError,
  DestinationBusyError,
} from '../../src/message-queue/ports/destination-errors.js';
import {
  NotificationSendError,
  PushChannel,
} from '../../src/message-queue/ports/notifications/notification-channel.js';
import type {
  OutgoingNotification,
  PushDetails,
} from '../../src/message-queue/ports/notifications/notification-channel.js';
import { notificationChannelContract } from '../../src/message-queue/testing/contracts/index.js';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { DeviceTokenStore } from '../../src/message-queue/ports/index.js';
import { fcmError, GoogleServer } from '../support/google-server.js';
import type { GoogleAnswer } from '../support/google-server.js';
import { HostApps } from '../support/host-app.js';
import { openedInRequest } from '../support/opened-in-request.js';
import { waitUntil } from '../support/wait-until.js';

const { signal } = new AbortController();
const push: OutgoingNotification = {
  ...{ notificationId: 'm_1', recipientId: 'ben', destination: 'token-secret', platform: 'fcm' },
  ...{ title: 'News', body: 'There is news', urgent: false, expiresAt: null },
};

const failureOf = (sending: Promise<unknown>): Promise<Error> =>
  sending.then(
    () => Promise.reject(new Error('It was sent.')),
    (error: unknown) => error as Error,
  );

/** The real firebase-admin, and Google's two servers played on loopback. */
describe('FcmPushChannel', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-fcm-'));
  const channels: FcmPushChannel[] = [];
  let google: GoogleServer;
  let shared: FcmPushChannel;

  const keyFile = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const channel = (options: FcmOptions = {}): FcmPushChannel => {
    // firebase-admin signs in once for each file.
    const serviceAccountFile = keyFile(
      `account-${channels.length}.json`,
      JSON.stringify(google.serviceAccount),
    );
    const made = new FcmPushChannel({ serviceAccountFile, connection: google.connection, ...options });
    channels.push(made);
    return made;
  };

  beforeAll(async () => {
    google = await GoogleServer.start();
    shared = channel();
  });
  beforeEach(() => google.reset());
  afterAll(async () => {
    for (const made of channels) await made.onApplicationShutdown();
    await google.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  notificationChannelContract(() => {
    const answer = (given: GoogleAnswer) => () => void google.pushAnswers.push(given);
    return {
      ...{ channel: shared, destination: 'token-secret', received: () => google.pushes.length },
      answers: {
        destination: answer(fcmError(404, 'NOT_FOUND', 'UNREGISTERED')),
        'destination-for-now': answer({ status: 200, body: { error: 'DeviceMessageRateExceeded' } }),
        settings: answer(fcmError(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR')),
        service: answer(fcmError(500, 'INTERNAL', 'INTERNAL')),
      },
    };
  });

  it('sends what Android and iOS show', async () => {
    const expiresAt = Date.now() + 60_000;
    const image = 'https://example.org/y.png';
    const details = { badge: 3, sound: 'ping', image, tag: 't', clickAction: 'open', data: { room: 7 } };
    const full = { ...push, messageId: 'm-9', push: details, expiresAt, urgent: true };
    const receipt = await shared.send(full, signal);
    expect(receipt).toEqual({ outcome: 'sent', providerId: 'projects/chat-test/messages/1' });
    expect(google.pushes[0]?.path).toBe('/v1/projects/chat-test/messages:send');
    const sent = google.pushes[0]?.message as { android: Record<string, string>; apns: { headers: object } };
    expect(sent).toMatchObject({
      token: 'token-secret',
      notification: { title: 'News', body: 'There is news', image },
      data: { room: '7', notificationId: 'm_1', messageId: 'm-9' },
      android: { priority: 'high', notification: { tag: 't', sound: 'ping', click_action: 'open' } },
      apns: {
        headers: { 'apns-priority': '10', 'apns-expiration': String(Math.floor(expiresAt / 1_000)) },
        payload: {
          aps: { badge: 3, sound: 'ping', category: 'open', 'interruption-level': 'time-sensitive' },
        },
      },
    });
    expect(parseFloat(sent.android['ttl'] ?? '')).toBeGreaterThan(50);
    expect(parseFloat(sent.android['ttl'] ?? '')).toBeLessThanOrEqual(60);
    expect(sent.apns.headers).toHaveProperty('apns-collapse-id', sent.android['collapse_key']);
  });

  it('gives repeats and pushes of one tag the same collapse key, and leaves out what is not there', async () => {
    const tagged = { push: { tag: 't' } };
    for (const more of [{}, {}, { notificationId: 'a', ...tagged }, { notificationId: 'b', ...tagged }]) {
      await shared.send({ ...push, ...more }, signal);
    }
    const sent = google.pushes.map(({ message }) => message as { android: Record<string, unknown> });
    const keys = sent.map(({ android }) => android['collapse_key']);
    expect(keys).toEqual([keys[0], keys[0], keys[2], keys[2]]);
    expect(keys[0]).not.toBe(keys[2]);
    expect(sent[0]).toMatchObject({ data: { notificationId: 'm_1' }, apns: { payload: { aps: {} } } });
    expect(sent[0]?.android).toEqual({ priority: 'high', collapse_key: keys[0], notification: {} });
  });

  it('signs in once for many pushes, and keeps its connections', async () => {
    const fresh = channel();
    for (let sent = 0; sent < 5; sent += 1) await fresh.send(push, signal);
    expect(google.signIns).toBe(1);
    expect(await google.connections()).toBeLessThanOrEqual(4);
  });

  it('opens its connections in nobody’s request', async () => {
    const opened = await openedInRequest(() => channel().send(push, signal));
    expect(opened.filter((kind) => kind !== 'Timeout')).toEqual([]);
    expect(google.pushes).toHaveLength(1);
  });

  it.each([fcmError(404, 'NOT_FOUND', 'UNREGISTERED'), fcmError(404, 'NOT_FOUND')])(
    'reports a token that FCM no longer knows as unregistered: %j',
    async (answer) => {
      google.pushAnswers.push(answer);
      expect(await shared.send(push, signal)).toEqual({
        outcome: 'unregistered',
        detail: 'FCM UNREGISTERED',
      });
      expect(google.pushes).toHaveLength(1);
    },
  );

  const noToken = 'The registration token is not a valid FCM registration token';
  it.each([
    [{ status: 200, body: { error: 'InvalidRegistration' } }, 'FCM INVALID_ARGUMENT'],
    [
      { status: 400, body: { error: { code: 400, message: noToken, status: 'INVALID_ARGUMENT' } } },
      'FCM INVALID_ARGUMENT',
    ],
    [fcmError(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'), 'FCM SENDER_ID_MISMATCH'],
  ])('remembers a token that this project can never reach: %j', async (answer, detail) => {
    await shared.send(push, signal);
    google.pushAnswers.push(answer);
    expect(await shared.send(push, signal)).toEqual({ outcome: 'refused', reason: 'invalid', detail });
    expect(google.pushes).toHaveLength(2);
  });

  it('doubts the service account, and not all the tokens, when none was ever taken', async () => {
    const wrong = channel();
    const outcomes: unknown[] = [];
    for (let device = 0; device < 6; device += 1) {
      google.pushAnswers.push(fcmError(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'));
      const sending = wrong.send({ ...push, destination: `token-${device}` }, signal);
      outcomes.push(
        await sending.then(
          ({ outcome }) => outcome,
          (error: unknown) => error,
        ),
      );
    }
    expect(outcomes.slice(0, 5)).toEqual(Array(5).fill('refused'));
    expect(outcomes[5]).toBeInstanceOf(ChannelSettingsError);
  });

  const said = (status: number, name: string, message: string): GoogleAnswer => ({
    status,
    body: { error: { code: status, message, status: name } },
  });
  it.each([
    [fcmError(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), RateLimited, 'messaging/message-rate-exceeded'],
    [
      said(429, 'RESOURCE_EXHAUSTED', 'Device message rate exceeded for MARKER'),
      DestinationBusyError,
      'messaging/message-rate-exceeded: too many pushes for this device',
    ],
    [
      { status: 200, body: { error: 'DeviceMessageRateExceeded' } },
      DestinationBusyError,
      'messaging/device-message-rate-exceeded',
    ],
    [
      fcmError(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'),
      UnrecoverableJobError,
      'messaging/invalid-argument',
    ],
    [{ status: 400, body: 'MARKER' }, UnrecoverableJobError, 'messaging/invalid-argument'],
    [
      { status: 200, body: { error: 'MessageTooBig' } },
      UnrecoverableJobError,
      'messaging/payload-size-limit-exceeded',
    ],
    [
      said(403, 'PERMISSION_DENIED', "Permission 'cloudmessaging.messages.create' denied on MARKER"),
      ChannelSettingsError,
      'messaging/mismatched-credential',
    ],
    [
      fcmError(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'),
      ChannelSettingsError,
      'messaging/third-party-auth-error: check the APNs key',
    ],
    [{ status: 403, body: 'MARKER' }, ChannelSettingsError, 'messaging/authentication-error'],
    [fcmError(500, 'INTERNAL', 'INTERNAL'), NotificationSendError, 'messaging/internal-error'],
    [fcmError(500, 'UNKNOWN', 'UNSPECIFIED_ERROR'), NotificationSendError, 'messaging/unknown-error'],
    [{ status: 502, body: 'MARKER' }, NotificationSendError, 'messaging/unknown-error'],
    // A wait that firebase-admin finds too long itself.
    [
      fcmError(503, 'UNAVAILABLE', 'UNAVAILABLE', { 'retry-after': '120' }),
      NotificationSendError,
      'messaging/server-unavailable',
    ],
  ])("judges %j by what it is about, without FCM's words", async (answer, type, text) => {
    google.pushAnswers.push(answer);
    const failure = await failureOf(shared.send(push, signal));
    expect(failure.constructor).toBe(type);
    expect(failure.message).toContain(text);
    expect(failure.message).not.toMatch(/secret|MARKER/);
    expect(google.pushes).toHaveLength(1);
  });

  it('waits a minute when FCM has too many', async () => {
    google.pushAnswers.push(fcmError(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED', { 'retry-after': '7' }));
    // firebase-admin 13 drops the answer's headers.
    expect(await failureOf(shared.send(push, signal))).toMatchObject({ delayMs: 60_000 });
  });

  it.each([
    ['messaging/message-rate-exceeded', '7', { constructor: RateLimited, delayMs: 7_000 }],
    ['messaging/server-unavailable', '120', { constructor: RateLimited, delayMs: 120_000 }],
    ['messaging/message-rate-exceeded', 'soon', { constructor: RateLimited, delayMs: 60_000 }],
    [
      'messaging/device-message-rate-exceeded',
      '7',
      { constructor: DestinationBusyError, retryAfterMs: 7_000 },
    ],
    [
      'messaging/device-message-rate-exceeded',
      'soon',
      { constructor: DestinationBusyError, retryAfterMs: null },
    ],
  ])(
    'honours what the errors of firebase-admin 14 say besides: %s, Retry-After %s',
    async (code, after, expected) => {
      const error = Object.assign(new Error('MARKER'), {
        code,
        httpResponse: { status: 429, headers: { 'retry-after': after } },
      });
      const failure = await failureOf(
        new FcmPushChannel({ send: () => Promise.reject(error) }).send(push, signal),
      );
      expect(failure).toMatchObject(expected);
    },
  );

  it('has a breaker for each platform that it reaches', () => {
    expect(shared.serviceOf({ platform: 'apns' })).toBe('apns');
    expect(shared.serviceOf({ platform: 'fcm' })).toBe('fcm');
    expect(shared.serviceOf({})).toBe('fcm');
  });

  it('gives a link to the app, where its own names are expected', async () => {
    const link = 'https://chat.example.org/1';
    await shared.send({ ...push, push: { clickAction: link, icon: 'https://example.org/i.png' } }, signal);
    expect(google.pushes[0]?.message).toMatchObject({
      data: { notificationId: 'm_1', clickAction: link },
      android: { notification: {} },
      apns: { payload: { aps: {} } },
    });
    expect(JSON.stringify(google.pushes[0]?.message)).not.toMatch(/click_action|i\.png|category/);
  });

  it.each(['消', 'x', '😀', '"'])(
    'says what is too long when it is added, and shortens it where it may: %s',
    async (character) => {
      const draft = { title: 'Anna', body: character.repeat(4_000).slice(0, 4_000), messageId: 'm-1' };
      expect(shared.fit(draft).issues).toEqual([
        {
          path: 'message',
          message: expect.stringMatching(/^makes the push \d+ bytes; FCM takes 4096, \d+ for it$/),
        },
      ]);
      expect(await failureOf(shared.send({ ...push, ...draft }, signal))).toBeInstanceOf(
        UnrecoverableJobError,
      );
      expect(google.pushes).toEqual([]);
      const taken: FcmMessage[] = [];
      const send = (message: FcmMessage): Promise<string> => Promise.resolve(String(taken.push(message)));
      const shortening = new FcmPushChannel({ send }, { overlong: 'shorten' });
      const fitted = shortening.fit(draft);
      expect(fitted.issues).toEqual([]);
      await shortening.send({ ...push, ...draft, notificationId: '消'.repeat(200), urgent: true }, signal);
      expect(taken[0]?.notification).toEqual({ title: 'Anna', body: fitted.draft.body });
      const bytes = Buffer.byteLength(JSON.stringify([taken[0]?.notification, taken[0]?.data]));
      expect(bytes).toBeGreaterThan(3_700);
      expect(bytes).toBeLessThanOrEqual(4_096);
    },
  );

  const ofData = (key: string): [PushDetails, string] => [
    { data: { [key]: 'x' } },
    `pushPayload.data.${key}`,
  ];
  it.each<[PushDetails, string]>([
    ...['from', 'message_type', 'collapse_key', 'gcm', 'google', 'gcm.x', 'google.c.x', 'aps'].map(ofData),
    ofData('notificationId'),
    [{ image: '/picture.png' }, 'pushPayload.image'],
    [{ image: 'javascript:alert(1)' }, 'pushPayload.image'],
    [{ data: { a: 'x'.repeat(4_000) } }, 'pushPayload.data'],
  ])('names the field that keeps a push from being sent: %j', (details, path) => {
    const draft = { title: 'News', body: 'x', push: details };
    expect(shared.fit(draft).issues.map((issue) => issue.path)).toEqual([path]);
  });

  it.each(['fromUser', 'googleMaps', 'gcmId', 'messageId'])(
    'takes an entry of data that is called %s',
    (key) => {
      expect(shared.fit({ title: 'News', body: 'x', push: { data: { [key]: 'x' } } }).issues).toEqual([]);
    },
  );

  it('gets through when FCM is away for a moment and says for how long', async () => {
    google.pushAnswers.push(fcmError(503, 'UNAVAILABLE', 'UNAVAILABLE', { 'retry-after': '1' }));
    const before = Date.now();
    expect(await shared.send(push, signal)).toMatchObject({ outcome: 'sent' });
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
    expect(google.pushes).toHaveLength(2);
  });

  it('asks for another attempt when FCM is silent, and frees the connection', async () => {
    const impatient = channel({ timeoutMs: 400 });
    await impatient.send(push, signal);
    google.pushAnswers.push('none');
    const silent = await failureOf(impatient.send(push, signal));
    expect(silent).toBeInstanceOf(NotificationSendError);
    expect(silent.message).toBe('FCM did not answer (TimeoutError).');
    expect(await impatient.send(push, signal)).toMatchObject({ outcome: 'sent' });
  });

  it('recovers when signing in has hung', async () => {
    const impatient = channel({ timeoutMs: 400 });
    google.signInAnswer = 'none';
    const stuck = await Promise.all([1, 2].map(() => failureOf(impatient.send(push, signal))));
    expect(stuck.map(({ message }) => message)).toEqual(Array(2).fill('FCM did not answer (TimeoutError).'));
    google.signInAnswer = null;
    await waitUntil(() => impatient.send(push, signal).catch(() => null), 'a push after the outage');
    expect(google.pushes).toHaveLength(1);
  });

  it('sends nothing behind the back of a job that has stopped', async () => {
    const controller = new AbortController();
    google.pushAnswers.push(fcmError(503, 'UNAVAILABLE', 'UNAVAILABLE', { 'retry-after': '1' }));
    const sending = failureOf(shared.send(push, controller.signal));
    await waitUntil(() => google.pushes.length === 1, 'the push to arrive');
    controller.abort(new Error('the job timed out'));
    expect((await sending).message).toBe('the job timed out');
    // Longer than firebase-admin waits before it would send it again.
    const until = Date.now() + 1_500;
    await waitUntil(() => Date.now() > until, 'its repeat not to come');
    expect(google.pushes).toHaveLength(1);
    expect(await shared.send(push, signal)).toMatchObject({ outcome: 'sent' });
  });

  it('stops a push that is on its way, and only that one', async () => {
    const controller = new AbortController();
    let take = (): void => undefined;
    const taken = new Promise<GoogleAnswer>((resolve) => {
      take = () => resolve({ status: 200, body: { name: 'n' } });
    });
    google.pushAnswers.push('none', taken);
    const stopped = failureOf(shared.send(push, controller.signal));
    await waitUntil(() => google.pushes.length === 1, 'the first push to arrive');
    const other = shared.send(push, signal);
    await waitUntil(() => google.pushes.length === 2, 'the second push to arrive');
    controller.abort(new Error('the job was cancelled'));
    expect((await stopped).message).toBe('the job was cancelled');
    take();
    expect(await other).toEqual({ outcome: 'sent', providerId: 'n' });
  });

  it('loses the token that was sent, and no newer one, when FCM does not know it', async () => {
    const devices = new InMemoryDeviceTokenStore();
    const apps = new HostApps();
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider: 'memory',
          environment: 'test',
          adapters: [
            { provide: PushChannel, useFactory: () => channel() },
            { provide: DeviceTokenStore, useValue: devices },
          ],
        }),
      ],
    });
    const device = { recipientId: 'ben', platform: 'fcm' } as const;
    const register = (deviceId: string, token: string): Promise<void> =>
      devices.register({ ...device, deviceId, token });
    await register('phone', 'old');
    await register('tablet', 'gone');
    const gone = fcmError(404, 'NOT_FOUND', 'UNREGISTERED');
    const renewed = waitUntil(() => google.pushes.length === 1, 'the first push to arrive')
      .then(() => register('phone', 'new'))
      .then(() => gone);
    google.pushAnswers.push(renewed, gone);
    await app.get(MessageQueueService).addNotificationJob({
      recipientId: 'ben',
      type: 'push',
      title: 'News',
      message: 'text',
      createdAt: new Date(),
    });
    await waitUntil(async () => (await devices.list('ben', signal)).length === 1, 'the token to be removed');
    await apps.close();
    expect(google.pushes.map(({ message }) => message['token'])).toEqual(['old', 'gone']);
    expect(await devices.list('ben', signal)).toMatchObject([{ deviceId: 'phone', token: 'new' }]);
  });

  it('asks for another attempt when it may not sign in, or nobody is there', async () => {
    google.signInAnswer = { status: 400, body: { error: 'invalid_grant', error_description: 'MARKER' } };
    const refused = await failureOf(channel().send(push, signal));
    expect(refused).toBeInstanceOf(ChannelSettingsError);
    expect(refused.message).toMatch(/^FCM answered app\/invalid-credential: check the service account/);
    const away = await failureOf(channel({ connection: { host: '127.0.0.1', port: 1 } }).send(push, signal));
    expect(away).toBeInstanceOf(NotificationSendError);
    const { port, host } = google.connection;
    const untrusting = channel({ connection: { ...(host && { host }), ...(port && { port }) } });
    expect(await failureOf(untrusting.send(push, signal))).toBeInstanceOf(NotificationSendError);
    expect(google.pushes).toEqual([]);
  });

  it("signs in with another account's key in vain", async () => {
    const other = await GoogleServer.start();
    const file = keyFile('other.json', JSON.stringify(other.serviceAccount));
    await other.stop();
    const failure = await failureOf(channel({ serviceAccountFile: file }).send(push, signal));
    expect(failure).toBeInstanceOf(ChannelSettingsError);
    expect(failure.message).toMatch(/^FCM answered app\/invalid-credential: check the service account/);
    expect(google.pushes).toEqual([]);
  });

  it("goes over the host's own app, and leaves it open", async () => {
    const agent = new Agent(google.connection);
    const credential = cert(keyFile('host.json', JSON.stringify(google.serviceAccount)), agent);
    const app = initializeApp({ credential, httpAgent: agent }, 'the-hosts');
    const hosts = new FcmPushChannel(getMessaging(app));
    expect(await hosts.send(push, signal)).toMatchObject({ outcome: 'sent' });
    await hosts.onApplicationShutdown();
    expect(await hosts.send(push, signal)).toMatchObject({ outcome: 'sent' });
    google.pushAnswers.push('none');
    const controller = new AbortController();
    const sending = failureOf(hosts.send(push, controller.signal));
    await waitUntil(() => google.pushes.length === 3, 'the push to arrive');
    controller.abort(new Error('the job timed out'));
    expect((await sending).message).toBe('the job timed out');
    await deleteApp(app);
    agent.destroy();
  });

  it.each([
    ['nothing.json', undefined],
    ['broken.json', '{"private_key": "SECRET'],
    ['no-key.json', JSON.stringify({ project_id: 'p', client_email: 'e', private_key: 'SECRET' })],
  ])('refuses the key file %s at the start, without a word of it', (name, content) => {
    const file = content === undefined ? join(directory, name) : keyFile(name, content);
    const create = (): unknown => new FcmPushChannel({ serviceAccountFile: file });
    expect(create).toThrow(InvalidConfigurationError);
    expect(create).toThrow(/serviceAccountFile: cannot be read/);
    expect(create).not.toThrow('SECRET');
  });

  it('refuses a time limit that is none', () => {
    expect(() => channel({ timeoutMs: 0 })).toThrow(
      /timeoutMs: must be a whole number of milliseconds from 1, got 0/,
    );
  });
});
