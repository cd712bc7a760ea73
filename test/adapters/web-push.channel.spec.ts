import { Agent, createServer } from 'node:https';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateVAPIDKeys } from 'web-push';
import { WebPushChannel } from '../../src/message-queue/adapters/web-push/index.js';
import type { WebPushOptions } from '../../src/message-queue/adapters/web-push/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import {
  ChannelSettingsError,
  DestinationBusyError,
} from '../../src/message-queue/ports/destination-errors.js';
import { NotificationSendError } from '../../src/message-queue/ports/notifications/notification-channel.js';
import type { OutgoingNotification } from '../../src/message-queue/ports/notifications/notification-channel.js';
import { notificationChannelContract } from '../../src/message-queue/testing/contracts/index.js';
import { PushBrowser, readVapid } from '../support/push-browser.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { waitUntil } from '../support/wait-until.js';

interface Push {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const vapid = { subject: 'mailto:ops@example.org', ...generateVAPIDKeys() };
const { signal } = new AbortController();

describe('WebPushChannel', () => {
  const pushes: Push[] = [];
  let answer: { status: number; headers?: Record<string, string>; body?: string } | 'none' = { status: 201 };
  let server: Server;
  let agent: Agent;
  let host: string;
  let browser: PushBrowser;

  beforeAll(async () => {
    const certificate = selfSignedCertificate();
    agent = new Agent({ ca: certificate.cert, keepAlive: true });
    server = createServer(certificate, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        pushes.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
        if (answer === 'none') return;
        response
          .writeHead(answer.status, answer.headers)
          .end(answer.status === 101 ? undefined : (answer.body ?? 'MARKER from the service'));
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    pushes.length = 0;
    answer = { status: 201 };
    browser = new PushBrowser(`https://${host}/push/device-secret`);
  });

  afterAll(async () => {
    agent.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const channel = (options: Partial<WebPushOptions> = {}): WebPushChannel =>
    new WebPushChannel({ ...vapid, allowedHosts: [host], agent, ...options });
  const notification = (more: Partial<OutgoingNotification> = {}): OutgoingNotification => ({
    ...{ notificationId: 'm_1', recipientId: 'ben', destination: browser.token, platform: 'web' },
    ...{ title: 'Grüße', body: 'There is news', urgent: false, expiresAt: null, ...more },
  });
  const failureOf = (sending: Promise<unknown>): Promise<Error> =>
    sending.then(
      () => Promise.reject(new Error('It was sent.')),
      (error: unknown) => error as Error,
    );

  notificationChannelContract(() => {
    const answered = (status: number) => () => void (answer = { status });
    return {
      ...{ channel: channel(), destination: browser.token, received: () => pushes.length },
      answers: {
        destination: answered(410),
        'destination-for-now': answered(429),
        settings: answered(401),
        service: answered(500),
      },
    };
  });

  it('pushes what the browser can read, and nobody on the way', async () => {
    answer = { status: 201, headers: { location: `https://${host}/message/id-7` } };
    const push = { badge: 3, tag: 'chat', clickAction: '/chat', data: { room: 'a' } };
    const receipt = await channel().send(notification({ push, messageId: 'm-9' }), signal);
    expect(receipt).toEqual({ outcome: 'sent', providerId: 'id-7' });
    const [sent] = pushes;
    expect(browser.read(sent!.body)).toEqual({
      ...{ notificationId: 'm_1', title: 'Grüße', body: 'There is news', messageId: 'm-9', ...push },
    });
    expect(sent).toMatchObject({
      path: '/push/device-secret',
      headers: { 'content-encoding': 'aes128gcm', urgency: 'normal', ttl: '2419200' },
    });
    expect(sent!.body.toString('latin1')).not.toContain('news');
  });

  it('signs with its VAPID key for this push service', async () => {
    await channel().send(notification(), signal);
    const { key, claims } = readVapid(pushes[0]?.headers.authorization ?? '');
    expect(key).toBe(vapid.publicKey);
    expect(claims).toMatchObject({ aud: `https://${host}`, sub: vapid.subject });
    expect(Number(claims['exp']) * 1_000).toBeGreaterThan(Date.now());
  });

  it('tells the service how long it is worth anything, and that it is urgent', async () => {
    await channel().send(notification({ expiresAt: Date.now() + 90_500, urgent: true }), signal);
    await channel().send(notification({ expiresAt: Date.now() - 1 }), signal);
    await channel({ defaultTtlSeconds: 60 }).send(notification(), signal);
    expect(pushes.map(({ headers }) => headers['urgency'])).toEqual(['high', 'normal', 'normal']);
    const [first, ...others] = pushes.map(({ headers }) => Number(headers['ttl']));
    expect(first).toBeGreaterThanOrEqual(85);
    expect(first).toBeLessThanOrEqual(90);
    expect(others).toEqual([0, 60]);
  });

  it('lets a repeat, or a newer one of the same tag, replace the one that waits', async () => {
    await channel().send(notification(), signal);
    await channel().send(notification(), signal);
    await channel().send(notification({ notificationId: 'm_2', push: { tag: 'a' } }), signal);
    await channel().send(notification({ notificationId: 'm_3', push: { tag: 'a' } }), signal);
    const topics = pushes.map(({ headers }) => headers['topic']);
    expect(topics[0]).toMatch(/^[\w-]{32}$/);
    expect(topics).toEqual([topics[0], topics[0], topics[2], topics[2]]);
    expect(topics[2]).not.toBe(topics[0]);
  });

  it.each([404, 410])('reports %i as unregistered', async (status) => {
    answer = { status };
    const receipt = await channel().send(notification(), signal);
    expect(receipt).toEqual({ outcome: 'unregistered', detail: `Web Push ${status}` });
  });

  it.each([
    [429, '120', 120_000],
    [429, undefined, null],
    [429, 'soon', null],
    [406, undefined, null],
    [301, undefined, null],
    [307, undefined, null],
    [405, undefined, null],
    [407, undefined, null],
    [503, '30', 30_000],
    [503, '999999999', 86_400_000],
  ])('waits for this device when it is answered %i with Retry-After %s', async (status, retryAfter, ms) => {
    answer = { status, ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }) };
    const failure = await failureOf(channel().send(notification(), signal));
    expect(failure).toBeInstanceOf(DestinationBusyError);
    expect(failure).toMatchObject({ retryAfterMs: ms, message: `The push service answered ${status}.` });
  });

  it.each([400, 411, 413])('gives up the push on %i and follows nothing', async (status) => {
    answer = { status, headers: { location: `https://${host}/elsewhere` } };
    const failure = await failureOf(channel().send(notification(), signal));
    expect(failure).toBeInstanceOf(UnrecoverableJobError);
    expect(failure.message).toContain(`answered ${status}: `);
    expect(failure.message).not.toMatch(/MARKER|device-secret/);
    expect(pushes).toHaveLength(1);
  });

  it.each([
    [401, 'MARKER'],
    [403, '{"reason":"BadJwtToken"}'],
    [403, 'invalid JWT provided: MARKER'],
    [
      401,
      '{"code":401,"errno":109,"message":"Request did not validate: Invalid Authorization header: MARKER"}',
    ],
  ])('says that our settings are wrong on %i with %s', async (status, body) => {
    const used = channel();
    await used.send(notification(), signal);
    answer = { status, body };
    const failure = await failureOf(used.send(notification(), signal));
    expect(failure).toBeInstanceOf(ChannelSettingsError);
    expect(failure.message).toContain(`answered ${status}: check publicKey`);
    expect(failure.message).not.toMatch(/MARKER|device-secret/);
  });

  it.each([
    [403, '{"reason":"VapidPkHashMismatch"}'],
    [403, 'the VAPID credentials in the authorization header do not correspond to the credentials used'],
    [403, ''],
    [401, '{"code":401,"errno":109,"message":"VAPID public key mismatch"}'],
    [400, '{"reason":"BadDeviceToken"}'],
  ])('gives up a subscription made with another key: %i with %s', async (status, body) => {
    const used = channel();
    await used.send(notification(), signal);
    answer = { status, body };
    expect(await used.send(notification(), signal)).toEqual({
      ...{ outcome: 'refused', reason: 'invalid', detail: `Web Push ${status}` },
    });
  });

  it('doubts its settings, and not all the subscriptions, when none was ever taken', async () => {
    const wrong = channel();
    answer = { status: 403 };
    const outcomes: unknown[] = [];
    for (let device = 0; device < 6; device += 1) {
      const destination = new PushBrowser(`https://${host}/push/${device}`).token;
      const sending = wrong.send(notification({ destination }), signal);
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

  it('names the push service of each browser, and nothing else of where it leads', () => {
    const of = (endpoint: string): string =>
      new WebPushChannel({ ...vapid, agent }).serviceOf({ destination: new PushBrowser(endpoint).token });
    expect(of('https://fcm.googleapis.com/fcm/send/secret')).toBe('web:fcm.googleapis.com');
    expect(of('https://wns2-bl2p.notify.windows.com/w/?token=secret')).toBe(
      'web:wns2-bl2p.notify.windows.com',
    );
    expect(of('https://10.0.0.1/secret')).toBe('web');
    expect(channel().serviceOf({ destination: 'device-secret' })).toBe('web');
  });

  it('counts a name that somebody made up against nobody else', async () => {
    const destination = new PushBrowser('https://no-such-host.invalid/x').token;
    const lookup = (_name: string, _options: object, done: (error: Error, address: string) => void): void =>
      done(Object.assign(new Error('MARKER'), { code: 'ENOTFOUND' }), '');
    const agent = new Agent({ lookup });
    const made = channel({ allowedHosts: ['*.invalid'], agent }).send(notification({ destination }), signal);
    expect(await failureOf(made)).toBeInstanceOf(DestinationBusyError);
    const named = channel({ allowedHosts: ['no-such-host.invalid'], agent }).send(
      notification({ destination }),
      signal,
    );
    expect(await failureOf(named)).toBeInstanceOf(NotificationSendError);
  });

  it.each([500, 502, 503, 408])('asks for another attempt on %i', async (status) => {
    answer = { status };
    const failure = await failureOf(channel().send(notification(), signal));
    expect(failure).toBeInstanceOf(NotificationSendError);
    expect(failure.message).toBe(`The push service answered ${status}.`);
  });

  it('asks for another attempt when the service is away, silent or not who it says', async () => {
    const closed = new PushBrowser('https://127.0.0.1:1/x').token;
    const away = channel({ allowedHosts: ['127.0.0.1:1'] }).send(
      notification({ destination: closed }),
      signal,
    );
    expect((await failureOf(away)).message).toBe('The push service did not answer (ECONNREFUSED).');
    answer = 'none';
    const silent = await failureOf(channel({ timeoutMs: 200 }).send(notification(), signal));
    expect(silent).toBeInstanceOf(NotificationSendError);
    const untrusting = channel({ agent: undefined });
    const untrusted = await failureOf(untrusting.send(notification(), signal));
    expect(untrusted.message).toMatch(/did not answer \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
    untrusting.onApplicationShutdown();
  });

  it('takes the status for the answer, however large its headers are', async () => {
    answer = { status: 201, headers: { 'x-pad': 'y'.repeat(60_000) } };
    expect(await channel().send(notification(), signal)).toEqual({ outcome: 'sent' });
    answer = { status: 410, headers: { 'x-pad': 'y'.repeat(60_000) } };
    expect(await channel().send(notification(), signal)).toMatchObject({ outcome: 'unregistered' });
    expect(pushes).toHaveLength(2);
  });

  it('does not wait for a service that changes the protocol', async () => {
    answer = { status: 101, headers: { connection: 'upgrade', upgrade: 'chat' } };
    const failure = await failureOf(channel().send(notification(), signal));
    expect(failure).toBeInstanceOf(NotificationSendError);
    expect(failure.message).toBe('The push service answered 101.');
  });

  it('stops at its signal', async () => {
    answer = 'none';
    const controller = new AbortController();
    const sending = failureOf(channel().send(notification(), controller.signal));
    await waitUntil(() => pushes.length > 0, 'the push to arrive');
    controller.abort(new Error('the job was cancelled'));
    expect((await sending).message).toBe('the job was cancelled');
    const again = channel().send(notification(), controller.signal);
    await expect(again).rejects.toThrow('the job was cancelled');
    expect(pushes).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'device-secret'],
    ['null', 'null'],
    ['no keys', JSON.stringify({ endpoint: 'https://fcm.googleapis.com/device-secret' })],
    [
      'no point of the curve',
      JSON.stringify({
        endpoint: 'https://fcm.googleapis.com/device-secret',
        keys: { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) },
      }),
    ],
  ])('remembers a token that is no subscription: %s', async (_, destination) => {
    const only = channel({ allowedHosts: ['fcm.googleapis.com'] });
    expect(await only.send(notification({ destination }), signal)).toEqual({
      ...{ outcome: 'refused', reason: 'invalid', detail: 'Web Push: not a subscription' },
    });
    expect(pushes).toEqual([]);
  });

  it.each([
    'http://fcm.googleapis.com/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://169.254.169.254/latest',
    'https://fcm.googleapis.com:8443/x',
    'https://fcm.googleapis.com@example.net/x',
    'https://xpush.apple.com/x',
    'https://web.push.apple.com.example.net/x',
    'ftp://fcm.googleapis.com/x',
  ])('sends nothing to %s, whoever registered it', async (endpoint) => {
    const destination = new PushBrowser(endpoint).token;
    const failure = await failureOf(
      new WebPushChannel({ ...vapid, agent }).send(notification({ destination }), signal),
    );
    expect(failure).toBeInstanceOf(UnrecoverableJobError);
    expect(failure.message).toContain('which "allowedHosts" does not list');
  });

  it('refuses before it sends what no push service takes', async () => {
    const failure = await failureOf(channel().send(notification({ body: 'ü'.repeat(2_000) }), signal));
    expect(failure).toBeInstanceOf(UnrecoverableJobError);
    expect(failure.message).toMatch(
      /^message: makes the push 40\d\d bytes; Web Push takes 3993, \d+ for it$/,
    );
    expect(pushes).toEqual([]);
    const longest = 'x'.repeat(3_993 - 60);
    await channel().send(notification({ body: longest, title: 'T' }), signal);
    expect(browser.read(pushes[0]!.body)).toMatchObject({ body: longest });
  });

  it.each([
    ['消', 1_400],
    ['ж', 2_100],
    ['x', 4_000],
    ['😀', 2_000],
    ['"', 4_000],
  ])('says so when it is added, and shortens it where it may: %s, %i times', async (character, count) => {
    const draft = { title: 'Anna', body: character.repeat(count), messageId: 'm-1' };
    expect(
      channel()
        .fit(draft)
        .issues.map(({ path }) => path),
    ).toEqual(['message']);
    const shortening = channel({ overlong: 'shorten' });
    const fitted = shortening.fit(draft);
    expect(fitted.issues).toEqual([]);
    await shortening.send(notification({ ...draft, notificationId: '消'.repeat(200) }), signal);
    expect(browser.read(pushes[0]!.body)).toMatchObject({ title: 'Anna', body: fitted.draft.body });
    expect(pushes[0]!.body.length).toBeGreaterThan(4_080);
    expect(pushes[0]!.body.length).toBeLessThanOrEqual(4_096);
  });

  it('takes keys only that belong together', () => {
    const { privateKey } = generateVAPIDKeys();
    expect(() => channel({ privateKey })).toThrow(InvalidConfigurationError);
    expect(() => channel({ privateKey })).toThrow('privateKey: does not belong to publicKey');
  });

  it('names all wrong options at once, without the keys', () => {
    const create = (): unknown =>
      new WebPushChannel({
        subject: 'ops',
        publicKey: 'x',
        privateKey: vapid.publicKey,
        allowedHosts: [],
        timeoutMs: 0,
      });
    expect(create).toThrow(InvalidConfigurationError);
    expect(create).toThrow(
      /subject: [\s\S]*publicKey: [\s\S]*privateKey: [\s\S]*allowedHosts: [\s\S]*timeoutMs: /,
    );
    expect(create).not.toThrow(vapid.publicKey);
  });
});
