import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TwilioSmsChannel } from '../../src/message-queue/adapters/twilio/index.js';
import type { TwilioOptions } from '../../src/message-queue/adapters/twilio/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { RateLimited, RetryLater, UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import { defineRate } from '../../src/message-queue/jobs/flow/rate.js';
import { NotificationSendError } from '../../src/message-queue/ports/notifications/notification-channel.js';
import type { OutgoingNotification } from '../../src/message-queue/ports/notifications/notification-channel.js';
import { notificationChannelContract } from '../../src/message-queue/testing/contracts/index.js';
import { waitUntil } from '../support/wait-until.js';

const accountSid = `AC${'1'.repeat(32)}`;
const { signal } = new AbortController();

describe('TwilioSmsChannel', () => {
  const requests: {
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
    readonly form: URLSearchParams;
  }[] = [];
  /** `partly`: the status and the beginning of the body, and then nothing; `broken`: the connection ends there. */
  let answer:
    | { status: number; body?: unknown; headers?: Record<string, string> }
    | 'none'
    | 'reset'
    | `${'partly' | 'broken'} ${number}`;
  let server: Server;
  let baseUrl: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        requests.push({ url: request.url ?? '', headers: request.headers, form: new URLSearchParams(text) });
        if (answer === 'none') return;
        if (answer === 'reset') return void request.socket.destroy();
        if (typeof answer === 'string') {
          const [how, status] = answer.split(' ');
          response.writeHead(Number(status), { 'content-length': 100 });
          response.write('{"sid": "SM1', () => {
            if (how === 'broken') request.socket.destroy();
          });
          return;
        }
        response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body ?? {}));
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });

  beforeEach(() => {
    requests.length = 0;
    answer = { status: 201, body: { sid: 'SM123', status: 'queued' } };
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const channel = (options: Partial<TwilioOptions> = {}): TwilioSmsChannel =>
    new TwilioSmsChannel({ accountSid, authToken: 's3cret', from: '+15005550006', baseUrl, ...options });
  const sms = (more: Partial<OutgoingNotification> = {}): OutgoingNotification => ({
    ...{ notificationId: 'm_1', recipientId: 'ben', destination: '+4915112345678', title: 'News' },
    ...{ body: 'Grüße & more=1', urgent: false, expiresAt: null, ...more },
  });
  const failureOf = (sending: Promise<unknown>): Promise<Error> =>
    sending.then(
      () => Promise.reject(new Error('It was sent.')),
      (error: unknown) => error as Error,
    );

  notificationChannelContract(() => {
    return { channel: channel(), destination: '+4915112345678', received: () => requests.length };
  });

  it('sends title and message to the number', async () => {
    expect(await channel().send(sms(), signal)).toEqual({ outcome: 'sent', providerId: 'SM123' });
    const [request] = requests;
    expect(request?.url).toBe(`/2010-04-01/Accounts/${accountSid}/Messages.json`);
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      ...{ To: '+4915112345678', From: '+15005550006', Body: 'News\nGrüße & more=1' },
    });
    const basic = Buffer.from(`${accountSid}:s3cret`).toString('base64');
    expect(request?.headers.authorization).toBe(`Basic ${basic}`);
  });

  it('sends by a messaging service, with an API key, and says how long the SMS is worth anything', async () => {
    const [apiKeySid, messagingServiceSid] = [`SK${'2'.repeat(32)}`, `MG${'3'.repeat(32)}`];
    const service = channel({ from: undefined, messagingServiceSid, apiKeySid });
    await service.send(sms({ title: '', expiresAt: Date.now() + 60_000 }), signal);
    await service.send(sms({ expiresAt: Date.now() + 90_000_000 }), signal);
    const [first, second] = requests.map(({ form }) => Object.fromEntries(form));
    expect(first).toMatchObject({ MessagingServiceSid: messagingServiceSid, Body: 'Grüße & more=1' });
    expect(first).not.toHaveProperty('From');
    expect(Number(first?.['ValidityPeriod'])).toBeGreaterThan(50);
    expect(Number(first?.['ValidityPeriod'])).toBeLessThanOrEqual(60);
    expect(second?.['ValidityPeriod']).toBe('36000');
    const basic = Buffer.from(`${apiKeySid}:s3cret`).toString('base64');
    expect(requests[0]?.headers.authorization).toBe(`Basic ${basic}`);
  });

  it.each([
    [
      400,
      { code: 21211, message: "The 'To' number +4915112345678 is not valid: MARKER" },
      UnrecoverableJobError,
      '400, error 21211',
    ],
    [400, 'no JSON object', UnrecoverableJobError, '400'],
    [302, {}, UnrecoverableJobError, '302'],
    [401, { code: 20003 }, NotificationSendError, '401, error 20003'],
    [500, { code: 20500 }, NotificationSendError, '500, error 20500'],
    [503, {}, NotificationSendError, '503'],
  ])('on %i %j fails the right way, without the number', async (status, body, type, text) => {
    answer = { status, body, headers: { location: `${baseUrl}elsewhere` } };
    const failure = await failureOf(channel().send(sms(), signal));
    expect(failure).toBeInstanceOf(type);
    expect(failure.message).toContain(`Twilio answered ${text}`);
    expect(failure.message).not.toMatch(/MARKER|4915|s3cret/);
    expect(requests).toHaveLength(1);
  });

  it.each([
    [429, '7', 7_000],
    [429, undefined, 10_000],
    [503, '30', 30_000],
  ])('waits on %i with Retry-After %s', async (status, retryAfter, delayMs) => {
    answer = { status, ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }) };
    const failure = await failureOf(channel().send(sms(), signal));
    expect(failure).toBeInstanceOf(RetryLater);
    expect(failure).toMatchObject({ delayMs });
    // "Too many" is said to everybody; a server in trouble may be well again for the next SMS.
    expect(failure instanceof RateLimited).toBe(status === 429);
  });

  it('has the rate that its options name, and refuses what is none', () => {
    const rate = defineRate('sms-provider', { limit: 10, perMs: 1_000 });
    expect(channel({ rate }).rate).toBe(rate);
    expect(channel().rate).toBeUndefined();
    for (const wrong of [{ limit: 10, perMs: 1_000 }, { ...rate, limit: 0 }, { ...rate, name: 'a b' }, 10]) {
      expect(() => channel({ rate: wrong as typeof rate })).toThrow(/rate: must be what defineRate/);
    }
  });

  it('asks for another attempt when Twilio is away or silent', async () => {
    const away = await failureOf(channel({ baseUrl: 'http://127.0.0.1:9' }).send(sms(), signal));
    expect(away).toBeInstanceOf(NotificationSendError);
    answer = 'none';
    const silent = await failureOf(channel({ timeoutMs: 150 }).send(sms(), signal));
    expect(silent).toBeInstanceOf(NotificationSendError);
    expect(silent.message).toBe('Twilio did not answer (TimeoutError).');
  });

  it('asks for another attempt when the connection breaks before an answer', async () => {
    answer = 'reset';
    const failure = await failureOf(channel().send(sms(), signal));
    expect(failure).toBeInstanceOf(NotificationSendError);
    expect(requests).toHaveLength(1);
  });

  it.each(['partly', 'broken'] as const)(
    'goes by the status of an answer that arrives %s: no second SMS for an id',
    async (how) => {
      answer = `${how} 201`;
      expect(await channel({ timeoutMs: 200 }).send(sms(), signal)).toEqual({ outcome: 'sent' });
      answer = `${how} 400`;
      const failure = await failureOf(channel({ timeoutMs: 200 }).send(sms(), signal));
      expect(failure).toBeInstanceOf(UnrecoverableJobError);
    },
  );

  it('reads no more of an answer than it needs', async () => {
    answer = { status: 201, body: { sid: 'SM1', more: 'x'.repeat(1_000_000) } };
    expect(await channel().send(sms(), signal)).toEqual({ outcome: 'sent' });
  });

  it('stops at its signal', async () => {
    answer = 'none';
    const controller = new AbortController();
    const sending = failureOf(channel().send(sms(), controller.signal));
    await waitUntil(() => requests.length > 0, 'the request to arrive');
    controller.abort(new Error('the job timed out'));
    expect((await sending).message).toBe('the job timed out');
  });

  it('refuses before it sends what Twilio would not take', async () => {
    for (const destination of ['0151 123', '+49 151 12345678', 'whatsapp:+4915112345678']) {
      const failure = await failureOf(channel().send(sms({ destination }), signal));
      expect(failure).toBeInstanceOf(UnrecoverableJobError);
    }
    const long = await failureOf(channel().send(sms({ body: 'x'.repeat(1_600) }), signal));
    expect(long.message).toMatch(/has 1605 characters/);
    expect(requests).toEqual([]);
  });

  it('names all wrong options at once, without the token', () => {
    const wrong = {
      accountSid: 'x',
      authToken: 's3 cret',
      baseUrl: 'http://example.org',
      timeoutMs: 0,
      apiKeySid: 'y',
    };
    const create = (): unknown => new TwilioSmsChannel(wrong);
    expect(create).toThrow(InvalidConfigurationError);
    expect(create).toThrow(
      /accountSid: [^]*authToken: [^]*apiKeySid: [^]*baseUrl: [^]*timeoutMs: [^]*from: /,
    );
    expect(create).not.toThrow('s3');
  });
});
