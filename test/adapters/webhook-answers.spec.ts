import { once } from 'node:events';
import { createServer as createTlsWebServer } from 'node:https';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { WebhookRefusedError, WebhookTransport } from '../../src/message-queue/adapters/webhook/index.js';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { DestinationBusyError } from '../../src/message-queue/ports/destination-errors.js';
import { Suppressions } from '../../src/message-queue/ports/suppressions/suppressions.js';
import type { NewSuppression } from '../../src/message-queue/ports/suppressions/suppressions.js';
import type { Suppression } from '../../src/message-queue/ports/suppressions/suppression.js';
import { freePort } from '../support/redis-server.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { CONTENT, failureOf, message, Receiver, SECRET, to, transport } from './webhook-receiver.fixture.js';

const never = new AbortController().signal;
const DELIVERED = { outcome: 'delivered', reached: 1 };
const REQUEST_END = '"}}';

/** What a webhook answers, and what becomes of the message: by RFC 9110 and Standard Webhooks 1.0. */
describe('what a webhook answers', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  async function answering(status: number, headers: Record<string, string> = {}): Promise<Receiver> {
    const receiver = await Receiver.start((response) => response.writeHead(status, headers).end('an answer'));
    stops.push(() => receiver.stop());
    return receiver;
  }

  /** A server that writes bytes once it has the request: not everything that calls itself HTTP is. */
  async function writing(write: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      let text = '';
      socket
        .on('error', () => undefined)
        .on('data', (chunk) => {
          text += chunk.toString();
          if (text.includes(REQUEST_END)) write(socket);
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    stops.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  it.each([200, 201, 202, 204, 206, 226, 299])('%i: delivered', async (status) => {
    const { port } = await answering(status);
    expect(await transport(to(port)).deliver(message(), never)).toEqual(DELIVERED);
  });

  it.each([
    ...[300, 301, 302, 303, 304, 305, 307, 308],
    ...[401, 402, 403, 404, 405, 407, 408, 409, 421, 423, 424, 425, 426, 429, 451],
    ...[500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599, 600, 999],
  ])('%i: the endpoint takes nothing for now', async (status) => {
    const target = await answering(200);
    const { port } = await answering(status, { location: to(target.port) });
    const error = await failureOf(transport(to(port), { patienceMs: 7_000 }).deliver(message(), never));
    expect(error).toBeInstanceOf(DestinationBusyError);
    expect(error).toMatchObject({ retryAfterMs: null, patienceMs: 7_000 });
    expect(String(error)).toContain(String(status));
    expect(String(error)).not.toMatch(/top secret|127\.0/);
    expect(target.seen).toHaveLength(0);
  });

  it.each([400, 406, 411, 412, 413, 414, 415, 416, 417, 418, 422, 428, 431, 444, 499])(
    '%i: it will never take this message',
    async (status) => {
      const { port } = await answering(status);
      const error = await failureOf(transport(to(port)).deliver(message(), never));
      expect(error).toBeInstanceOf(WebhookRefusedError);
      expect(String(error)).toContain(String(status));
      expect(String(error)).not.toContain(CONTENT);
    },
  );

  it.each([
    [408, '7', 7_000],
    [413, '7', 7_000],
    [429, '120', 120_000],
    [301, '7', 7_000],
    [503, '0', 1_000],
    [503, '999999', 3_600_000],
    [503, new Date(1_700_000_090_000).toUTCString(), 90_000],
    [503, new Date(1_600_000_000_000).toUTCString(), 1_000],
    [503, 'soon', null],
  ])('waits as long as a %i with Retry-After %s asks for', async (status, retryAfter, waitMs) => {
    const { port } = await answering(status, { 'retry-after': retryAfter });
    const clock = new SystemClock();
    clock.now = () => 1_700_000_000_000;
    const options = { endpointOf: () => ({ url: to(port), secrets: [SECRET] as [string] }) };
    const allowed = { allowHttp: true, allowPrivateAddresses: true };
    const webhook = new WebhookTransport({ ...options, ...allowed }, undefined, undefined, clock);
    const error = await failureOf(webhook.deliver(message(), never));
    expect(error).toBeInstanceOf(DestinationBusyError);
    expect(error).toMatchObject({ retryAfterMs: waitMs });
  });

  it.each([
    ['refuses connections', async () => to(await freePort())],
    ['resets them', async () => to(await writing((socket) => socket.resetAndDestroy()))],
    ['closes them', async () => to(await writing((socket) => socket.end()))],
    [
      'speaks something else',
      async () => to(await writing((socket) => socket.end('220 smtp.example ESMTP\r\n'))),
    ],
    ['breaks off in its status line', async () => to(await writing((socket) => socket.end('HTTP/1.1 20')))],
    [
      'says that an answer will come, and closes',
      async () => to(await writing((socket) => socket.end('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'))),
    ],
    ['has a name that nobody knows', async () => 'http://no-such-host.invalid/hook'],
    ['speaks no TLS', async () => to((await answering(200)).port).replace('http:', 'https:')],
  ])('takes an endpoint that %s for one that is busy', async (_, start) => {
    const error = await failureOf(transport(await start()).deliver(message(), never));
    expect(error).toBeInstanceOf(DestinationBusyError);
    expect(error).toMatchObject({ retryAfterMs: null });
    expect(String(error)).toMatch(/The webhook was not reached \(.+\)\.$/);
    expect(String(error)).not.toMatch(/127\.0|no-such-host/);
  });

  it('takes an endpoint whose certificate nobody vouches for for one that is busy', async () => {
    const server = createTlsWebServer(selfSignedCertificate(), (_, response) => response.end()).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const error = await failureOf(transport(`https://127.0.0.1:${port}/`).deliver(message(), never));
    expect(error).toBeInstanceOf(DestinationBusyError);
    expect(String(error)).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('asks nobody to change the protocol', async () => {
    const { port } = await answering(101, { connection: 'upgrade', upgrade: 'chat' });
    const error = await failureOf(transport(to(port)).deliver(message(), never));
    expect(error).toBeInstanceOf(DestinationBusyError);
    expect(String(error)).toContain('answered 101');
  });

  describe('after a status line 2xx changes nothing:', () => {
    const HEAD = 'HTTP/1.1 200 OK\r\n';
    it.each<[what: string, write: (socket: Socket) => void]>([
      ['headers of a megabyte', (s) => s.end(`${HEAD}x-trace: ${'t'.repeat(1_000_000)}\r\n\r\n`)],
      ['a thousand cookies', (s) => s.end(`${HEAD}${'set-cookie: abc=def; path=/\r\n'.repeat(5_000)}\r\n`)],
      ['headers that never end', (s) => void s.write(`${HEAD}x-more: `)],
      ['the end of the connection within the headers', (s) => s.end(`${HEAD}content-le`)],
      [
        'a reset within the headers',
        (s) => s.write(`${HEAD}x: y`, () => setImmediate(() => s.resetAndDestroy())),
      ],
      ['line ends of another kind', (s) => s.end('HTTP/1.1 200 OK\n\n')],
      ['two lengths', (s) => s.end(`${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`)],
      [
        'a length and chunks',
        (s) => s.end(`${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello`),
      ],
      ['a length that is no number', (s) => s.end(`${HEAD}content-length: many\r\n\r\nhello`)],
      ['a body that is shorter than it says', (s) => s.end(`${HEAD}content-length: 500\r\n\r\nhello`)],
      ['a body that is longer than it says', (s) => s.end(`${HEAD}content-length: 2\r\n\r\nhello`)],
      ['chunks that are none', (s) => s.end(`${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nhello`)],
      [
        'a body that is not packed as it says',
        (s) => s.end(`${HEAD}content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello`),
      ],
      ['a header with a NUL', (s) => s.end(`${HEAD}x-bad: a\0b\r\n\r\n`)],
      ['a header without a name', (s) => s.end(`${HEAD}: nothing\r\n\r\n`)],
      ['HTTP/1.0', (s) => s.end('HTTP/1.0 200\r\n\r\n')],
      [
        'early hints before it, and broken headers',
        (s) =>
          s.end(
            `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${HEAD}: broken\r\n\r\n`,
          ),
      ],
      [
        'a status line that comes byte by byte',
        (s) => {
          const bytes = `${HEAD}: broken\r\n\r\n`.match(/[^]/g) ?? [];
          const next = (): void => {
            const byte = bytes.shift();
            if (byte !== undefined && !s.destroyed) s.write(byte, () => setImmediate(next));
          };
          next();
        },
      ],
    ])('%s', async (_, write) => {
      const port = await writing(write);
      expect(await transport(to(port), { timeoutMs: 700 }).deliver(message(), never)).toEqual(DELIVERED);
    });

    it('and headers of a megabyte after a 503 do not make it a success', async () => {
      const port = await writing((socket) =>
        socket.end(`HTTP/1.1 503 Away\r\nx: ${'t'.repeat(1_000_000)}\r\n\r\n`),
      );
      const error = await failureOf(transport(to(port)).deliver(message(), never));
      expect(error).toBeInstanceOf(DestinationBusyError);
      expect(String(error)).toContain('answered 503');
    });
  });

  describe('410: the endpoint is gone', () => {
    class RememberedSuppressions extends Suppressions {
      readonly all = new Map<string, NewSuppression>();
      override async suppress(one: NewSuppression): Promise<boolean> {
        this.all.set(`${one.channel} ${one.destination}`, one);
        return true;
      }
      override async findMany(channel: string, destinations: readonly string[]): Promise<Suppression[]> {
        const found = destinations.map((one) => this.all.get(`${channel} ${one}`));
        return found.filter((one) => one !== undefined).map((one) => ({ ...one, at: new Date() }));
      }
      override async lift(channel: string, destination: string): Promise<boolean> {
        return this.all.delete(`${channel} ${destination}`);
      }
      override list(): never {
        throw new Error('Nobody lists them here.');
      }
    }

    function remembering(url: () => string): {
      webhook: WebhookTransport;
      suppressions: RememberedSuppressions;
    } {
      const suppressions = new RememberedSuppressions();
      const endpointOf = () => ({ url: url(), secrets: [SECRET] as [string] });
      const options = { endpointOf, allowHttp: true, allowPrivateAddresses: true };
      return { webhook: new WebhookTransport(options, undefined, suppressions), suppressions };
    }

    it('is an outcome, remembered, and not asked again until somebody lifts it', async () => {
      const { port, seen } = await answering(410);
      const url = to(port, '/secret-path');
      const { webhook, suppressions } = remembering(() => url);
      for (let n = 0; n < 3; n += 1) {
        const receipt = await webhook.deliver(message(), never);
        expect(receipt).toMatchObject({ outcome: 'refused', reached: 0 });
        expect(JSON.stringify(receipt)).toMatch(/410/);
        expect(JSON.stringify(receipt)).not.toMatch(/secret-path|127\.0/);
      }
      expect(seen).toHaveLength(1);
      expect([...suppressions.all.values()]).toEqual([
        { channel: 'webhook', destination: url, recipientId: 'grace', reason: 'gone', detail: 'HTTP 410' },
      ]);
      await suppressions.lift('webhook', url);
      await webhook.deliver(message(), never);
      expect(seen).toHaveLength(2);
    });

    it('says nothing of another URL, also of the same recipient', async () => {
      const [gone, alive] = [await answering(410), await answering(200)];
      let url = to(gone.port);
      const { webhook } = remembering(() => url);
      await webhook.deliver(message(), never);
      url = to(alive.port);
      expect(await webhook.deliver(message(), never)).toEqual(DELIVERED);
    });

    it('also when it is told of a recall', async () => {
      const { port, seen } = await answering(410);
      const { webhook } = remembering(() => to(port));
      const recall = { messageId: 'm1', conversationId: 'c1', userId: 'grace' };
      for (let n = 0; n < 2; n += 1) expect(await webhook.announceRecall(recall, never)).toBe(false);
      expect(await webhook.deliver(message(), never)).toMatchObject({ outcome: 'refused' });
      expect(seen).toHaveLength(1);
    });
  });
});
