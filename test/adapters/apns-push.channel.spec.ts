import { ApnsPushChannel } from '../../src/message-queue/adapters/apns/index.js';
import type { ApnsOptions } from '../../src/message-queue/adapters/apns/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { RateLimited, UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import {
  ChannelSettingsError,
  DestinationBusyError,
} from '../../src/message-queue/ports/destination-errors.js';
import { NotificationSendError } from '../../src/message-queue/ports/notifications/notification-channel.js';
import type { OutgoingNotification } from '../../src/message-queue/ports/notifications/notification-channel.js';
import { notificationChannelContract } from '../../src/message-queue/testing/contracts/index.js';
import { apnsError, ApnsServer } from '../support/apns-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { openedInRequest } from '../support/opened-in-request.js';
import { waitUntil } from '../support/wait-until.js';

const { signal } = new AbortController();
const DEVICE = 'ab'.repeat(32);
const push: OutgoingNotification = {
  ...{ notificationId: 'm_1', recipientId: 'ben', destination: DEVICE, platform: 'apns' },
  ...{ title: 'News', body: 'There is news', urgent: false, expiresAt: null },
};
const failureOf = (sending: Promise<unknown>): Promise<Error> =>
  sending.then(
    () => Promise.reject(new Error('It was sent.')),
    (error: unknown) => error as Error,
  );

/** Node's own HTTP/2 server over TLS, in Apple's place. */
describe('ApnsPushChannel', () => {
  const channels: ApnsPushChannel[] = [];
  let apns: ApnsServer;
  let shared: ApnsPushChannel;

  const channelOf = (server: ApnsServer, options: Partial<ApnsOptions> = {}): ApnsPushChannel => {
    const made = new ApnsPushChannel({
      ...{ ...ApnsServer.account, topic: 'org.example.chat' },
      ...{ baseUrl: server.baseUrl, connection: { ca: server.ca }, ...options },
    });
    channels.push(made);
    return made;
  };
  const channel = (options: Partial<ApnsOptions> = {}): ApnsPushChannel => channelOf(apns, options);

  beforeAll(async () => {
    apns = await ApnsServer.start();
    shared = channel();
  });
  beforeEach(() => apns.reset());
  afterAll(async () => {
    for (const made of channels) await made.onApplicationShutdown();
    await apns.stop();
  });

  notificationChannelContract(() => {
    const answer = (status: number, reason: string) => () =>
      void apns.answers.push(apnsError(status, reason));
    return {
      ...{ channel: shared, destination: DEVICE, platform: 'apns', received: () => apns.pushes.length },
      answers: {
        destination: answer(410, 'Unregistered'),
        'destination-for-now': answer(429, 'TooManyRequests'),
        settings: answer(403, 'InvalidProviderToken'),
        service: answer(500, 'InternalServerError'),
      },
    };
  });

  it('sends an alert of the app, with what Apple wants to know of it', async () => {
    const expiresAt = Date.now() + 60_000;
    const details = {
      badge: 3,
      sound: 'ping',
      image: 'https://example.org/y.png',
      tag: 't',
      clickAction: 'OPEN',
    };
    const more = { messageId: 'm-9', push: { ...details, data: { room: 7 } }, expiresAt, urgent: true };
    const receipt = await shared.send({ ...push, ...more }, signal);
    const [sent] = apns.pushes;
    expect(sent?.headers).toMatchObject({
      ...{ ':method': 'POST', ':path': `/3/device/${DEVICE}`, 'apns-topic': 'org.example.chat' },
      ...{ 'apns-push-type': 'alert', 'apns-priority': '10' },
      'apns-expiration': String(Math.floor(expiresAt / 1_000)),
    });
    expect(sent?.headers['apns-collapse-id']).toMatch(/^[\w-]{32}$/);
    expect(sent?.headers['apns-id']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(receipt).toEqual({ outcome: 'sent', providerId: sent?.headers['apns-id'] });
    expect(sent?.payload).toEqual({
      ...{ notificationId: 'm_1', messageId: 'm-9', room: 7, image: details.image },
      aps: {
        ...{ alert: { title: 'News', body: 'There is news' }, badge: 3, sound: 'ping', category: 'OPEN' },
        ...{ 'mutable-content': 1, 'interruption-level': 'time-sensitive' },
      },
    });
  });

  it('leaves out what is not there, and gives a link to the app instead of a category', async () => {
    await shared.send(push, signal);
    await shared.send({ ...push, push: { clickAction: 'https://chat.example.org/1' } }, signal);
    expect(apns.pushes[0]?.headers).not.toHaveProperty('apns-expiration');
    expect(apns.pushes.map(({ payload }) => payload)).toEqual([
      { notificationId: 'm_1', aps: { alert: { title: 'News', body: 'There is news' } } },
      {
        ...{ notificationId: 'm_1', clickAction: 'https://chat.example.org/1' },
        aps: { alert: { title: 'News', body: 'There is news' } },
      },
    ]);
  });

  it('gives repeats the same ids, another device another one, and pushes of one tag one collapse id', async () => {
    const tagged = { push: { tag: 't' } };
    const other = { destination: 'cd'.repeat(32) };
    for (const more of [
      {},
      {},
      other,
      { notificationId: 'a', ...tagged },
      { notificationId: 'b', ...tagged },
    ]) {
      await shared.send({ ...push, ...more }, signal);
    }
    const ids = apns.pushes.map(({ headers }) => headers['apns-id']);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(4);
    const collapse = apns.pushes.map(({ headers }) => headers['apns-collapse-id']);
    expect(collapse).toEqual([collapse[0], collapse[0], collapse[0], collapse[3], collapse[3]]);
    expect(collapse[3]).not.toBe(collapse[0]);
  });

  it('signs in with one token for many pushes, over one connection', async () => {
    const fresh = channel();
    await Promise.all(Array.from({ length: 20 }, () => fresh.send(push, signal)));
    expect(apns.opened).toBe(1);
    expect(new Set(apns.pushes.map(({ headers }) => headers.authorization)).size).toBe(1);
    const [sent] = apns.pushes;
    expect(sent?.claims).toEqual({
      iss: 'TEAM000001',
      kid: 'KEY0000001',
      alg: 'ES256',
      iat: expect.any(Number),
    });
    expect(Math.abs(Date.now() / 1_000 - (sent?.claims?.iat ?? 0))).toBeLessThan(60);
  });

  it('opens its connections in nobody’s request', async () => {
    const fresh = channel();
    const opened = await openedInRequest(() => fresh.send(push, signal));
    expect(opened.filter((kind) => kind !== 'Timeout')).toEqual([]);
    expect(apns.pushes).toHaveLength(1);
  });

  it.each([
    [410, 'Unregistered', { timestamp: 1_700_000_000_000 }],
    [410, 'ExpiredToken', {}],
  ])('reports a device that is gone: %i %s', async (status, reason, more) => {
    apns.answers.push(apnsError(status, reason, more));
    const { outcome, detail } = (await shared.send(push, signal)) as { outcome: string; detail?: string };
    expect({ outcome, detail }).toEqual({ outcome: 'unregistered', detail: `APNs ${reason}` });
  });

  it.each([
    [400, 'BadDeviceToken'],
    [400, 'DeviceTokenNotForTopic'],
  ])('reports a device that no push of this app can reach: %i %s', async (status, reason) => {
    apns.answers.push(apnsError(status, reason));
    expect(await shared.send(push, signal)).toMatchObject({
      ...{ outcome: 'refused', reason: 'invalid', detail: `APNs ${reason}` },
    });
  });

  it('doubts its settings, and not all the devices, when none was ever taken', async () => {
    const wrong = channel();
    const outcomes: unknown[] = [];
    for (let device = 0; device < 7; device += 1) {
      apns.answers.push(apnsError(400, 'BadDeviceToken'));
      const destination = String(device).repeat(64);
      outcomes.push(
        await wrong.send({ ...push, destination }, signal).then(
          ({ outcome }) => outcome,
          (error: unknown) => error,
        ),
      );
    }
    expect(outcomes.slice(0, 5)).toEqual(Array(5).fill('refused'));
    for (const doubt of outcomes.slice(5)) {
      expect(doubt).toBeInstanceOf(ChannelSettingsError);
      expect((doubt as Error).message).toContain('check environment');
    }
    // One that is taken settles it.
    await wrong.send(push, signal);
    apns.answers.push(apnsError(400, 'BadDeviceToken'));
    expect(await wrong.send({ ...push, destination: '6'.repeat(64) }, signal)).toMatchObject({
      outcome: 'refused',
    });
  });

  it.each(['', 'no token', 'ab'.repeat(31), `${DEVICE}/../x`, 'abc'.repeat(33), 'ж'.repeat(64)])(
    'asks nobody about what is no device token: %j',
    async (destination) => {
      expect(await shared.send({ ...push, destination }, signal)).toMatchObject({
        ...{ outcome: 'refused', reason: 'invalid', detail: 'APNs: not a device token' },
      });
      expect(apns.pushes).toEqual([]);
    },
  );

  const PUSH = [
    ...[
      [400, 'BadCollapseId'],
      [400, 'BadExpirationDate'],
      [400, 'BadMessageId'],
      [400, 'BadPriority'],
    ],
    ...[
      [400, 'DuplicateHeaders'],
      [400, 'InvalidPushType'],
      [400, 'MissingDeviceToken'],
      [400, 'PayloadEmpty'],
    ],
    ...[
      [413, 'PayloadTooLarge'],
      [400, 'SomethingNew'],
    ],
  ] as const;
  const SETTINGS = [
    ...[
      [400, 'BadTopic'],
      [400, 'MissingTopic'],
      [400, 'TopicDisallowed'],
      [403, 'BadCertificate'],
    ],
    ...[
      [403, 'BadCertificateEnvironment'],
      [403, 'Forbidden'],
      [403, 'InvalidProviderToken'],
    ],
    ...[
      [403, 'MissingProviderToken'],
      [403, 'UnrelatedKeyIdInToken'],
      [403, 'BadEnvironmentKeyIdInToken'],
    ],
    ...[
      [404, 'BadPath'],
      [405, 'MethodNotAllowed'],
      [403, 'SomethingNew'],
      [301, 'SomethingNew'],
    ],
  ] as const;
  const SERVICE = [
    ...[
      [400, 'IdleTimeout'],
      [500, 'InternalServerError'],
      [503, 'ServiceUnavailable'],
      [502, 'SomethingNew'],
    ],
  ] as const;

  it.each([
    ...PUSH.map(([status, reason]) => [status, reason, UnrecoverableJobError] as const),
    ...SETTINGS.map(([status, reason]) => [status, reason, ChannelSettingsError] as const),
    ...SERVICE.map(([status, reason]) => [status, reason, NotificationSendError] as const),
    [429, 'TooManyRequests', DestinationBusyError] as const,
    [429, 'TooManyProviderTokenUpdates', RateLimited] as const,
  ])('judges %i %s by what it is about', async (status, reason, type) => {
    apns.answers.push(apnsError(status, reason, { text: 'MARKER' }));
    const failure = await failureOf(shared.send(push, signal));
    expect(failure.constructor).toBe(type);
    expect(failure.message).toContain(`APNs answered ${status} ${reason}`);
    expect(failure.message).not.toMatch(/MARKER|abab/);
    expect(apns.pushes).toHaveLength(1);
  });

  it.each([
    [
      { status: 503, body: 'MARKER abab', headers: { 'retry-after': '7' } },
      { constructor: RateLimited, delayMs: 7_000 },
    ],
    [
      { status: 429, body: { reason: 'MARKER: abab' }, headers: { 'retry-after': '7' } },
      { constructor: DestinationBusyError, retryAfterMs: 7_000 },
    ],
    [{ status: 429 }, { constructor: DestinationBusyError, retryAfterMs: null }],
    [{ status: 500 }, { constructor: NotificationSendError }],
  ])('goes by the status where no reason is known: %j', async (answer, expected) => {
    apns.answers.push(answer);
    const failure = await failureOf(shared.send(push, signal));
    expect(failure).toMatchObject(expected);
    expect(failure.message).not.toMatch(/MARKER|abab/);
  });

  it('signs in again when its token has expired, for all pushes at once', async () => {
    const fresh = channel();
    const expired = apnsError(403, 'ExpiredProviderToken');
    apns.answers.push(expired, expired, expired);
    const receipts = await Promise.all([1, 2, 3].map(() => fresh.send(push, signal)));
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['sent', 'sent', 'sent']);
    expect(apns.pushes).toHaveLength(6);
    // Neither endlessly nor more often than Apple takes new tokens.
    apns.answers.push(expired, expired);
    const failure = await failureOf(fresh.send(push, signal));
    expect(failure).toBeInstanceOf(ChannelSettingsError);
    expect(failure.message).toContain('check the clock');
    expect(apns.pushes).toHaveLength(7);
  });

  it('goes on over a new connection after a GOAWAY, and finishes what is on its way over the old one', async () => {
    const fresh = channel();
    let answer = (): void => undefined;
    apns.answers.push(new Promise((resolve) => (answer = () => resolve({ status: 200 }))));
    const slow = fresh.send(push, signal);
    await waitUntil(() => apns.pushes.length === 1, 'the first push to arrive');
    const [first] = apns.pushes;
    first?.session.goaway(0);
    await waitUntil(async () => {
      await fresh.send(push, signal);
      return apns.opened === 2;
    }, 'a second connection');
    answer();
    expect(await slow).toMatchObject({ outcome: 'sent' });
    expect(apns.pushes.at(-1)?.session).not.toBe(first?.session);
    await waitUntil(() => first?.session.destroyed === true, 'the first connection to end');
  });

  it('sends what a closed connection, or a refused stream, took nothing of over another one', async () => {
    const fresh = channel();
    await fresh.send(push, signal);
    apns.pushes[0]?.session.destroy();
    await waitUntil(() => apns.pushes[0]?.session.destroyed === true, 'the connection to end');
    expect(await fresh.send(push, signal)).toMatchObject({ outcome: 'sent' });
    apns.answers.push('refuse');
    expect(await fresh.send(push, signal)).toMatchObject({ outcome: 'sent' });
    expect(apns.pushes).toHaveLength(4);
  });

  it('finds out that an idle connection is dead before it uses it, and takes another one', async () => {
    const proxy = await TcpProxy.start(Number(new URL(apns.baseUrl).port));
    const fresh = channel({ baseUrl: `https://127.0.0.1:${proxy.port}` });
    await fresh.send(push, signal);
    // What a middlebox has forgotten: nobody is told.
    proxy.blackhole();
    proxy.heal();
    const now = Date.now.bind(Date);
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now() + 61_000);
    try {
      expect(await fresh.send(push, signal)).toMatchObject({ outcome: 'sent' });
    } finally {
      later.mockRestore();
    }
    expect([apns.opened, apns.pushes.length]).toEqual([2, 2]);
    await proxy.stop();
  });

  it('leaves a connection that was silent once, when it answers no ping either', async () => {
    const proxy = await TcpProxy.start(Number(new URL(apns.baseUrl).port));
    const fresh = channel({ baseUrl: `https://127.0.0.1:${proxy.port}`, timeoutMs: 5_000 });
    await fresh.send(push, signal);
    proxy.blackhole();
    proxy.heal();
    await failureOf(fresh.send(push, AbortSignal.timeout(100)));
    // Waits for the ping of the first, and not until its own timeout.
    expect(await fresh.send(push, signal)).toMatchObject({ outcome: 'sent' });
    expect([apns.opened, apns.pushes.length]).toEqual([2, 2]);
    await proxy.stop();
  });

  it('takes another connection when the server shuts down', async () => {
    const fresh = channel();
    await fresh.send(push, signal);
    apns.answers.push(apnsError(503, 'Shutdown'));
    expect(await fresh.send(push, signal)).toMatchObject({ outcome: 'sent' });
    expect(apns.opened).toBe(2);
    apns.answers.push(apnsError(503, 'Shutdown'), apnsError(503, 'Shutdown'));
    expect(await failureOf(fresh.send(push, signal))).toBeInstanceOf(NotificationSendError);
  });

  it.each([
    ['BadCertificate', ChannelSettingsError],
    ['Shutdown', NotificationSendError],
  ])('judges what a connection is ended with: %s', async (reason, type) => {
    const fresh = channel();
    apns.answers.push('none');
    const sending = failureOf(fresh.send(push, signal));
    await waitUntil(() => apns.pushes.length === 1, 'the push to arrive');
    const { session } = apns.pushes[0]!;
    session.goaway(2, 0, Buffer.from(JSON.stringify({ reason, text: 'MARKER' })));
    const failure = await sending;
    expect(failure.constructor).toBe(type);
    expect(failure.message).toContain(reason);
    expect(failure.message).not.toContain('MARKER');
  });

  it('never has more pushes on their way than the server takes at once', async () => {
    const narrow = await ApnsServer.start({ settings: { maxConcurrentStreams: 2 } });
    const fresh = channelOf(narrow);
    const answers: (() => void)[] = [];
    for (let count = 0; count < 5; count += 1) {
      narrow.answers.push(new Promise((resolve) => answers.push(() => resolve({ status: 200 }))));
    }
    const sent = Promise.all(Array.from({ length: 5 }, () => fresh.send(push, signal)));
    for (let count = 0; count < 5; count += 1) {
      await waitUntil(() => narrow.pushes.length >= Math.min(count + 2, 5), 'the next push to arrive');
      expect(narrow.pushes.length - count).toBeLessThanOrEqual(2);
      answers[count]?.();
    }
    expect((await sent).map(({ outcome }) => outcome)).toEqual(Array(5).fill('sent'));
    expect(narrow.opened).toBe(1);
    await narrow.stop();
  });

  it('uses the room that the server gives it later', async () => {
    const narrow = await ApnsServer.start({ settings: { maxConcurrentStreams: 1 } });
    const fresh = channelOf(narrow);
    narrow.answers.push('none', 'none');
    const stop = new AbortController();
    const sending = [1, 2].map(() => failureOf(fresh.send(push, stop.signal)));
    await waitUntil(() => narrow.pushes.length === 1, 'the first push to arrive');
    for (const session of narrow.sessions) session.settings({ maxConcurrentStreams: 1_000 });
    await waitUntil(() => narrow.pushes.length === 2, 'the second push to arrive');
    stop.abort(new Error('the jobs were cancelled'));
    await Promise.all(sending);
    await narrow.stop();
  });

  it('stops a push at its signal, and only that one', async () => {
    const controller = new AbortController();
    let take = (): void => undefined;
    apns.answers.push('none', new Promise((resolve) => (take = () => resolve({ status: 200 }))));
    const stopped = failureOf(shared.send(push, controller.signal));
    await waitUntil(() => apns.pushes.length === 1, 'the first push to arrive');
    const other = shared.send(push, signal);
    await waitUntil(() => apns.pushes.length === 2, 'the second push to arrive');
    controller.abort(new Error('the job was cancelled'));
    expect((await stopped).message).toBe('the job was cancelled');
    take();
    expect(await other).toMatchObject({ outcome: 'sent' });
    await expect(shared.send(push, controller.signal)).rejects.toThrow('the job was cancelled');
    expect(apns.pushes).toHaveLength(2);
  });

  it('asks for another attempt when the server is silent, away, or not who it says', async () => {
    apns.answers.push('none');
    const silent = await failureOf(channel({ timeoutMs: 300 }).send(push, signal));
    expect(silent).toBeInstanceOf(NotificationSendError);
    expect(silent.message).toBe('APNs did not answer (TimeoutError).');
    const away = await failureOf(channel({ baseUrl: 'https://127.0.0.1:1' }).send(push, signal));
    expect(away.message).toBe('APNs did not answer (ECONNREFUSED).');
    const untrusting = await failureOf(channel({ connection: {} }).send(push, signal));
    expect(untrusting).toBeInstanceOf(NotificationSendError);
    expect(untrusting.message).toBe('APNs did not answer (DEPTH_ZERO_SELF_SIGNED_CERT).');
  });

  it('says what is too long when it is added, and shortens it where it may', async () => {
    const long = { title: 'Anna', body: '消'.repeat(1_400) };
    expect(shared.fit(long)).toEqual({
      draft: long,
      issues: [
        {
          path: 'message',
          message: expect.stringMatching(/^makes the push 4\d\d\d bytes; APNs takes 4096, \d+ for it$/),
        },
      ],
    });
    const refused = await failureOf(shared.send({ ...push, ...long }, signal));
    expect(refused).toBeInstanceOf(UnrecoverableJobError);
    expect(apns.pushes).toEqual([]);
    const shortening = channel({ overlong: 'shorten' });
    const { draft, issues } = shortening.fit(long);
    expect(issues).toEqual([]);
    expect(draft.body).toMatch(/^消+…$/);
    await shortening.send({ ...push, ...long, notificationId: '消'.repeat(200), urgent: true }, signal);
    expect(apns.pushes[0]?.payload).toMatchObject({ aps: { alert: { title: 'Anna', body: draft.body } } });
    expect(apns.pushes[0]?.bytes).toBeLessThanOrEqual(4_096);
    expect(apns.pushes[0]?.bytes).toBeGreaterThan(4_090);
  });

  it.each([
    [{ data: { aps: 'x' } }, 'pushPayload.data.aps'],
    [{ data: { notificationId: 'x' } }, 'pushPayload.data.notificationId'],
    [{ image: '/picture.png' }, 'pushPayload.image'],
    [{ data: { a: 'x'.repeat(1_000), b: 'x'.repeat(3_000) } }, 'pushPayload.data'],
  ])('names the field that keeps a push from being sent: %j', (details, path) => {
    expect(shared.fit({ title: 'News', body: 'x', push: details }).issues.map((issue) => issue.path)).toEqual(
      [path],
    );
  });

  it('names all wrong options at once, without the key', () => {
    const create = (): unknown =>
      new ApnsPushChannel({
        ...{ teamId: 'x', keyId: '', privateKey: 'MARKER', topic: 'a b', environment: 'test' as never },
        ...{ baseUrl: 'http://127.0.0.1/', timeoutMs: 0, overlong: 'cut' as never },
      });
    expect(create).toThrow(InvalidConfigurationError);
    expect(create).toThrow(
      /teamId: [\s\S]*keyId: [\s\S]*privateKey: [\s\S]*topic: [\s\S]*environment: [\s\S]*baseUrl: [\s\S]*timeoutMs: [\s\S]*overlong: /,
    );
    expect(create).not.toThrow('MARKER');
  });
});
