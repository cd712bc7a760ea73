import { Agent, createServer } from 'node:https';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateVAPIDKeys } from 'web-push';
import { WebPushChannel } from '../../src/message-queue/adapters/web-push/index.js';
import type { WebPushOptions } from '../../src/message-queue/adapters/web-push/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { RetryLater, UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
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
  let answer: { status: number; headers?: Record<string, string> } | 'none' = { status: 201 };
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
          .end(answer.status === 101 ? undefined : 'MARKER from the service');
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
    return { channel: channel(), destination: browser.token, received: () => pushes.length };
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
    expect(await channel().send(notification(), signal)).toEqual({ outcome: 'unregistered' });
  });

  it.each([
    [429, '120', 120_000],
    [429, undefined, 60_000],
    [429, 'soon', 60_000],
    [503, '30', 30_000],
    [503, '999999999', 86_400_000],
  ])('waits when it is answered %i with Retry-After %s', async (status, retryAfter, delayMs) => {
    answer = { status, ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }) };
    const failure = await failureOf(channel().send(notification(), signal));
    expect(failure).toBeInstanceOf(RetryLater);
    expect(failure).toMatchObject({ delayMs });
  });

  it.each([301, 400, 401, 403, 413])('gives up on %i and follows nothing', async (status) => {
    answer = { status, headers: { location: `https://${host}/elsewhere` } };
    const failure = await failureOf(channel().send(notification(), signal));
    expect(failure).toBeInstanceOf(UnrecoverableJobError);
    expect(failure.message).toContain(`answered ${status}: `);
    expect(failure.message).not.toMatch(/MARKER|device-secret/);
    expect(pushes).toHaveLength(1);
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

  it('does not wait for a service that changes the protocol', async () => {
    answer = { status: 101, headers: { connection: 'upgrade', upgrade: 'chat' } };
    const failure = await failureOf(channel().send(notification(), signal));
    expect(failure).toBeInstanceOf(NotificationSendError);
    expect(failure.message).toBe('The push service did not answer (ECONNRESET).');
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
  ])('gives up on a token that is no subscription: %s', async (_, destination) => {
    const sending = channel({ allowedHosts: ['fcm.googleapis.com'] }).send(
      notification({ destination }),
      signal,
    );
    const failure = await failureOf(sending);
    expect(failure).toBeInstanceOf(UnrecoverableJobError);
    expect(failure.message).not.toContain('secret');
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
    expect(failure.message).toMatch(/has 40\d\d bytes; push services take 3993/);
    expect(pushes).toEqual([]);
    const longest = 'x'.repeat(3_993 - 60);
    await channel().send(notification({ body: longest, title: 'T' }), signal);
    expect(browser.read(pushes[0]!.body)).toMatchObject({ body: longest });
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
