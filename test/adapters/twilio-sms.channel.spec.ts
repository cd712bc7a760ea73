import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TwilioSmsChannel } from '../../src/message-queue/adapters/twilio/index.js';
import type { TwilioOptions } from '../../src/message-queue/adapters/twilio/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { RateLimited, RetryLater, UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import { defineRate } from '../../src/message-queue/jobs/flow/rate.js';
import {
  ChannelSettingsError,
  DestinationBusyError,
} from '../../src/message-queue/ports/destination-errors.js';
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
    | 'overlong'
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
        if (answer === 'overlong') {
          return void request.socket.end(`HTTP/1.1 201 Created\r\nx-trace: ${'t'.repeat(500_000)}\r\n\r\n{}`);
        }
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
      { code: 99999, message: "The 'To' number +4915112345678: MARKER" },
      UnrecoverableJobError,
      '400, error 99999',
    ],
    [400, { code: 21617 }, UnrecoverableJobError, '400, error 21617'],
    [400, { code: 21619 }, UnrecoverableJobError, '400, error 21619'],
    [400, { code: 30007 }, UnrecoverableJobError, '400, error 30007'],
    [400, { code: 'toString' }, UnrecoverableJobError, '400'],
    [400, 'no JSON object', UnrecoverableJobError, '400'],
    [302, {}, ChannelSettingsError, '302'],
    [404, { code: 20404 }, ChannelSettingsError, '404, error 20404'],
    [401, { code: 20003 }, ChannelSettingsError, '401, error 20003'],
    [401, {}, ChannelSettingsError, '401'],
    [402, {}, ChannelSettingsError, '402'],
    [403, { code: 99999 }, ChannelSettingsError, '403, error 99999'],
    [400, { code: 20005 }, ChannelSettingsError, '400, error 20005'],
    [400, { code: 21210 }, ChannelSettingsError, '400, error 21210'],
    [400, { code: 21212 }, ChannelSettingsError, '400, error 21212'],
    [400, { code: 21603 }, ChannelSettingsError, '400, error 21603'],
    [400, { code: 21606 }, ChannelSettingsError, '400, error 21606'],
    [400, { code: 21659 }, ChannelSettingsError, '400, error 21659'],
    [400, { code: 21660 }, ChannelSettingsError, '400, error 21660'],
    [400, { code: 21703 }, ChannelSettingsError, '400, error 21703'],
    [400, { code: 21408 }, DestinationBusyError, '400, error 21408'],
    [400, { code: 21219 }, DestinationBusyError, '400, error 21219'],
    [403, { code: 21608 }, DestinationBusyError, '403, error 21608'],
    [400, { code: 21612 }, DestinationBusyError, '400, error 21612'],
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
    [21211, 'invalid'],
    [21214, 'invalid'],
    [21217, 'invalid'],
    [21265, 'invalid'],
    [21266, 'invalid'],
    [21610, 'opted-out'],
    [21614, 'invalid'],
    [21635, 'invalid'],
  ])('on %i says that the number gets nothing more: %s', async (code, reason) => {
    answer = { status: 400, body: { code, message: 'MARKER +4915112345678' } };
    const receipt = await channel().send(sms(), signal);
    expect(receipt).toEqual({ outcome: 'refused', reason, detail: `Twilio ${code}` });
  });

  it.each([
    [400, 21611, 600_000],
    [429, 20429, 10_000],
    [429, 63038, 3_600_000],
  ])('on %i, error %i closes the rate for %i ms', async (status, code, delayMs) => {
    answer = { status, body: { code } };
    const failure = await failureOf(channel().send(sms(), signal));
    expect(failure).toBeInstanceOf(RateLimited);
    expect(failure).toMatchObject({ delayMs });
  });

  it('asks Twilio to report where the options say', async () => {
    const statusCallbackUrl = 'https://api.example.org/twilio/reports/?x=1';
    await channel({ statusCallbackUrl }).send(sms(), signal);
    await channel().send(sms(), signal);
    expect(requests.map(({ form }) => form.get('StatusCallback'))).toEqual([statusCallbackUrl, null]);
  });

  it('sends nothing a second time because of headers that nobody asked for', async () => {
    answer = 'overlong';
    expect(await channel().send(sms(), signal)).toEqual({ outcome: 'sent' });
    expect(requests).toHaveLength(1);
  });

  it.each(['+15005550006', '12345', 'Acme', 'Acme & Co_1', '1-800-Acme'])('sends from %j', (from) => {
    expect(() => channel({ from })).not.toThrow();
  });

  it.each(['0151 123', 'Acme Company', 'Müller', '123456789', '+0123456789', ' ', 'whatsapp:+1500555'])(
    'refuses to send from %j',
    (from) => {
      expect(() => channel({ from })).toThrow(/from: must be a number in E\.164 form/);
    },
  );

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
      const receipt = await channel().send(sms({ destination }), signal);
      expect(receipt).toMatchObject({ outcome: 'refused', reason: 'invalid' });
      expect(JSON.stringify(receipt)).not.toContain('151');
    }
    const long = await failureOf(channel().send(sms({ body: 'x'.repeat(1_600) }), signal));
    expect(long).toBeInstanceOf(UnrecoverableJobError);
    expect(long.message).toMatch(/^message: makes the SMS 1605 characters/);
    const blank = await failureOf(channel().send(sms({ title: ' ', body: '\n' }), signal));
    expect(blank.message).toMatch(/^message: must not be blank/);
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
