import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  verifyWebhook,
  WebhookFailedError,
  WebhookRefusedError,
  WebhookTransport,
} from '../../src/message-queue/adapters/webhook/index.js';
import type {
  ResolvedAddress,
  WebhookTransportOptions,
} from '../../src/message-queue/adapters/webhook/index.js';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { CircuitOpenError, RetryLater } from '../../src/message-queue/jobs/errors.js';
import type {
  MessageTransport,
  TransportMessage,
} from '../../src/message-queue/ports/messages/message-transport.js';
import { Dependency, guardedPort } from '../../src/message-queue/queues/guarded-port.js';
import { CockatielCircuitBreakers } from '../../src/message-queue/resilience/cockatiel-circuit-breakers.js';
import { messageTransportContract } from '../../src/message-queue/testing/contracts/index.js';
import { freePort } from '../support/redis-server.js';

const SECRET = 'a secret of more than 16 bytes';
const CONTENT = 'Grüße 👋 — top secret marker';

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that notes what it gets. */
class Receiver {
  readonly seen: Seen[] = [];
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(
    answer: (response: ServerResponse, request: IncomingMessage) => void,
    host = '127.0.0.1',
    port = 0,
  ): Promise<Receiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        receiver.seen.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
        answer(response, request);
      });
    });
    server.listen(port, host);
    await once(server, 'listening');
    const receiver = new Receiver(server, (server.address() as AddressInfo).port);
    return receiver;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function message(over: Partial<TransportMessage> = {}): TransportMessage {
  return {
    messageId: 'm1',
    senderId: 'ada',
    recipientId: 'grace',
    conversationId: 'c1',
    content: CONTENT,
    encrypted: false,
    attachments: [],
    createdAt: new Date(),
    ...over,
  };
}

describe('WebhookTransport', () => {
  const receivers: Receiver[] = [];
  const never = new AbortController().signal;

  afterEach(async () => {
    await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
  });

  async function receiver(...how: Parameters<typeof Receiver.start>): Promise<Receiver> {
    const started = await Receiver.start(...how);
    receivers.push(started);
    return started;
  }

  const answering = (status: number, headers: Record<string, string> = {}) =>
    receiver((response) => response.writeHead(status, headers).end('an answer'));

  function transport(url: string, over: Partial<WebhookTransportOptions> = {}): WebhookTransport {
    return new WebhookTransport({
      endpointOf: () => ({ url, secrets: [SECRET] }),
      allowHttp: true,
      allowPrivateAddresses: true,
      ...over,
    });
  }

  const to = (port: number, path = '/hook'): string => `http://127.0.0.1:${port}${path}`;

  messageTransportContract(async () => {
    const { seen, port } = await answering(204);
    const endpointOf: WebhookTransportOptions['endpointOf'] = (recipientId) =>
      recipientId === 'grace' ? { url: to(port), secrets: [SECRET] } : null;
    const received = (): object[] => seen.map(({ body }) => (JSON.parse(body) as { data: object }).data);
    const transportToSome = transport('unused', { endpointOf });
    return { transport: transportToSome, reachable: 'grace', unreachable: 'nobody', received };
  });

  it('posts the message, signed, and calls 2xx delivered', async () => {
    const { seen, port } = await answering(204);
    const receipt = await transport(to(port)).deliver(message(), never);
    expect(receipt).toEqual({ outcome: 'delivered', reached: 1 });
    expect(seen).toHaveLength(1);
    const [{ method, path, headers, body }] = seen as [Seen];
    expect({ method, path }).toEqual({ method: 'POST', path: '/hook' });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toMatchObject({
      type: 'message.created',
      data: { messageId: 'm1', senderId: 'ada', recipientId: 'grace', content: CONTENT },
    });
    expect(verifyWebhook({ headers, body }, SECRET)).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  it('carries the same id in every repeat, another for another recipient', async () => {
    const { seen, port } = await answering(200);
    const over = transport(to(port));
    await over.deliver(message(), never);
    await over.deliver(message(), never);
    await over.deliver(message({ recipientId: 'björn→x' }), never);
    const ids = seen.map(({ headers }) => headers['webhook-id']);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('signs with every secret while they are rotated', async () => {
    const { seen, port } = await answering(200);
    const secrets: [string, string] = ['the next secret, long', SECRET];
    const rotating = transport('', { endpointOf: () => ({ url: to(port), secrets }) });
    await rotating.deliver(message(), never);
    for (const secret of secrets) expect(() => verifyWebhook(seen[0]!, secret)).not.toThrow();
  });

  it('posts a recall, signed, under an id of its own, and says whether it was taken', async () => {
    const { seen, port } = await answering(204);
    const recall = { messageId: 'm1', conversationId: 'c1', userId: 'grace' };
    await transport(to(port)).deliver(message(), never);
    for (let repeat = 0; repeat < 2; repeat += 1)
      expect(await transport(to(port)).announceRecall(recall, never)).toBe(true);
    const [sent, ...recalls] = seen.map((one) => ({ ...one, id: verifyWebhook(one, SECRET) }));
    expect(recalls.map(({ body }) => JSON.parse(body) as object)).toEqual(
      Array(2).fill({ type: 'message.recalled', timestamp: expect.any(String) as string, data: recall }),
    );
    expect(recalls[1]?.id).toBe(recalls[0]?.id);
    expect(recalls[0]?.id).not.toBe(sent?.id);
    const refusing = await answering(410);
    expect(await transport(to(refusing.port)).announceRecall(recall, never)).toBe(false);
  });

  it('leaves a message pending when the recipient has no endpoint', async () => {
    const none = transport('', { endpointOf: () => null });
    expect(await none.deliver(message(), never)).toEqual({ outcome: 'offline', reached: 0 });
  });

  it.each([400, 401, 403, 404, 410, 422, 301, 302, 307, 308])('gives up on %s', async (status) => {
    const target = await answering(200);
    const { port } = await answering(status, { location: to(target.port) });
    const error = await transport(to(port))
      .deliver(message(), never)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WebhookRefusedError);
    expect(String(error)).toContain(String(status));
    expect(String(error)).not.toContain(CONTENT);
    expect(target.seen).toHaveLength(0);
  });

  it.each([408, 425, 429, 500, 502, 503])('tries %s again by the rules of the queue', async (status) => {
    const { port } = await answering(status);
    await expect(transport(to(port)).deliver(message(), never)).rejects.toThrow(WebhookFailedError);
  });

  it.each([408, 425, 429, 503])('waits as long as the Retry-After of %s says', async (status) => {
    const { port } = await answering(status, { 'retry-after': '7' });
    const error = await transport(to(port))
      .deliver(message(), never)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryLater);
    expect((error as RetryLater).delayMs).toBe(7_000);
  });

  it('loses its patience with an endpoint that always asks to wait', async () => {
    const { port } = await answering(429, { 'retry-after': '7' });
    const old = message({ createdAt: new Date(Date.now() - 60_000) });
    const impatient = transport(to(port), { patienceMs: 60_000 });
    await expect(impatient.deliver(old, never)).rejects.toThrow(WebhookFailedError);
  });

  it('cuts an answer that does not end at its cap', async () => {
    const { port } = await receiver((response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', more);
      more();
    });
    const capped = transport(to(port), { maxResponseBytes: 20_000, timeoutMs: 60_000 });
    const startedAt = performance.now();
    expect(await capped.deliver(message(), never)).toEqual({ outcome: 'delivered', reached: 1 });
    // Not by its time-out.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('does not wait for an answer from an endpoint that changes the protocol', async () => {
    const { port } = await receiver((response) => {
      response.writeHead(101, { connection: 'upgrade', upgrade: 'chat' }).end();
    });
    const failure = await transport(to(port))
      .deliver(message(), never)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WebhookFailedError);
    expect((failure as Error).message).toContain('without an answer');
  });

  it('gives up waiting for an endpoint that does not answer', async () => {
    const { port } = await receiver(() => undefined);
    const hurried = transport(to(port), { timeoutMs: 150 });
    await expect(hurried.deliver(message(), never)).rejects.toThrow('did not answer within 150 ms');
  });

  it('gives up waiting for a name server that does not answer', async () => {
    const hurried = transport('http://slow.test/', {
      timeoutMs: 100,
      resolve: () => new Promise(() => undefined),
    });
    await expect(hurried.deliver(message(), never)).rejects.toThrow(WebhookFailedError);
  });

  it('counts an answer whose body never ends as delivered when its time is up', async () => {
    const { port } = await receiver((response) => {
      response.writeHead(200);
      response.write('…');
    });
    const hurried = transport(to(port), { timeoutMs: 200 });
    expect(await hurried.deliver(message(), never)).toEqual({ outcome: 'delivered', reached: 1 });
  });

  it('ends with the reason of its signal', async () => {
    const { port } = await receiver(() => undefined);
    const stop = new AbortController();
    const delivery = transport(to(port)).deliver(message(), stop.signal);
    const reason = new Error('The job was cancelled.');
    setImmediate(() => stop.abort(reason));
    await expect(delivery).rejects.toBe(reason);
    await expect(transport(to(port)).deliver(message(), stop.signal)).rejects.toBe(reason);
  });

  it('passes on that nobody listens', async () => {
    const { port } = await answering(200);
    await receivers.pop()?.stop();
    await expect(transport(to(port)).deliver(message(), never)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  describe('keeps away from addresses that are not public', () => {
    const strict = { allowPrivateAddresses: false } as const;

    it.each([
      ...['127.0.0.1', '127.1', '0x7f000001', '2130706433', '0', '[::1]', '[::ffff:127.0.0.1]', 'localhost'],
      ...['10.0.0.1', '192.168.0.1', '169.254.169.254', '[fe80::1]', '[fd00::1]'],
    ])('%s', async (host) => {
      const { seen, port } = await answering(200);
      const careful = transport(`http://${host}:${port}/`, strict);
      await expect(careful.deliver(message(), never)).rejects.toThrow(WebhookRefusedError);
      expect(seen).toHaveLength(0);
    });

    it('a name with one private address among public ones', async () => {
      const resolve = async (): Promise<ResolvedAddress[]> => [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ];
      const careful = transport('http://two.test/', { ...strict, resolve });
      await expect(careful.deliver(message(), never)).rejects.toThrow(/127\.0\.0\.1, which is not public/);
    });

    it('connects to the address that was checked, whatever the name says a moment later', async () => {
      const checked = await answering(200);
      const rebound = await receiver((response) => response.end(), '127.0.0.2', checked.port);
      const answers: ResolvedAddress[] = [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ];
      let asked = 0;
      const resolve = async (): Promise<ResolvedAddress[]> => [answers[Math.min(asked++, 1)]!];
      const url = `http://rebinding.test:${checked.port}/`;
      await transport(url, { resolve }).deliver(message(), never);
      expect(asked).toBe(1);
      expect(checked.seen.map(({ headers }) => headers.host)).toEqual([`rebinding.test:${checked.port}`]);
      expect(rebound.seen).toHaveLength(0);
    });
  });

  it.each([
    ['http without leave', 'http://127.0.0.1/', { allowHttp: false }],
    ['another protocol', 'ftp://example.org/', {}],
    ['no URL', 'example.org', {}],
    ['a password in the URL', 'https://me:secret@example.org/', {}],
  ])('refuses %s', async (_, url, over) => {
    const error = await transport(url, over)
      .deliver(message(), never)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WebhookRefusedError);
    expect(String(error)).not.toContain('secret');
  });

  describe('with the app’s circuit breakers', () => {
    const HALF_OPEN_AFTER_MS = 30_000;
    let breakers: CockatielCircuitBreakers;

    beforeEach(() => {
      const options = { failureThreshold: 3, halfOpenAfterMs: HALF_OPEN_AFTER_MS };
      breakers = new CockatielCircuitBreakers(new SystemClock(), options);
    });
    const states = (): Record<string, string> =>
      Object.fromEntries(breakers.statuses().map(({ dependency, state }) => [dependency, state]));

    /** As the delivery queue sees it: behind the breaker of the whole transport. */
    function guarded(
      urls: Readonly<Record<string, string>>,
      over: Partial<WebhookTransportOptions> = {},
    ): MessageTransport {
      const endpointOf: WebhookTransportOptions['endpointOf'] = (recipientId) => {
        const url = urls[recipientId];
        if (url === undefined) throw new Error('the endpoints cannot be read');
        return { url, secrets: [SECRET] };
      };
      const options = { endpointOf, allowHttp: true, allowPrivateAddresses: true, ...over };
      return guardedPort(new WebhookTransport(options, breakers), Dependency.TRANSPORT, breakers);
    }

    const thrownBy = (delivery: Promise<unknown>): Promise<unknown> =>
      delivery.then(
        () => 'delivered',
        (error: unknown) => error,
      );

    it.each([
      ['answers 500', () => answering(500), {}],
      ['never answers', () => receiver(() => undefined), { timeoutMs: 50 }],
      ['takes no connections', async () => ({ port: await freePort() }), {}],
    ])('lets a host that %s stop its own messages only', async (_, start, over) => {
      const [dead, live] = [await start(), await answering(204)];
      const down = to(dead.port).replace('127.0.0.1', 'localhost');
      const guardedTransport = guarded({ dead: down, live: to(live.port) }, over);
      const deliver = (recipientId: string): Promise<unknown> =>
        thrownBy(guardedTransport.deliver(message({ recipientId }), never));
      for (let n = 0; n < 3; n++) expect(await deliver('dead')).not.toBeInstanceOf(CircuitOpenError);
      const refused = await deliver('dead');
      expect(refused).toBeInstanceOf(CircuitOpenError);
      expect(refused).toMatchObject({ dependency: `webhook:localhost:${dead.port}` });
      if ('seen' in dead) expect(dead.seen).toHaveLength(3);
      for (let n = 0; n < 5; n++) {
        expect(await deliver('live')).toBe('delivered');
        expect(await deliver('dead')).toBeInstanceOf(CircuitOpenError);
      }
      expect(states()).toEqual({
        transport: 'CLOSED',
        [`webhook:localhost:${dead.port}`]: 'OPEN',
        [`webhook:127.0.0.1:${live.port}`]: 'CLOSED',
      });
    });

    it('opens for the whole transport when what is wrong lies on this side', async () => {
      const { port } = await answering(204);
      const guardedTransport = guarded({ live: to(port) });
      for (let n = 0; n < 3; n++) {
        await thrownBy(guardedTransport.deliver(message({ recipientId: 'unknown' }), never));
      }
      expect(states()).toEqual({ transport: 'OPEN' });
    });

    it('takes refusals for answers', async () => {
      const { port } = await answering(404);
      const guardedTransport = guarded({ grace: to(port) });
      for (let n = 0; n < 5; n++) {
        expect(await thrownBy(guardedTransport.deliver(message(), never))).toBeInstanceOf(
          WebhookRefusedError,
        );
      }
      expect(states()).toEqual({ transport: 'CLOSED', [`webhook:127.0.0.1:${port}`]: 'CLOSED' });
    });

    it('spends attempts for a host that is down once a message has waited for long enough', async () => {
      const { port, seen } = await answering(503);
      const guardedTransport = guarded({ grace: to(port) }, { patienceMs: 2 * HALF_OPEN_AFTER_MS });
      for (let n = 0; n < 3; n++) await thrownBy(guardedTransport.deliver(message(), never));
      const old = message({ createdAt: new Date(Date.now() - 2 * HALF_OPEN_AFTER_MS) });
      expect(await thrownBy(guardedTransport.deliver(message(), never))).toBeInstanceOf(CircuitOpenError);
      expect(await thrownBy(guardedTransport.deliver(old, never))).toBeInstanceOf(WebhookFailedError);
      expect(seen).toHaveLength(3);
      expect(states()).toMatchObject({ transport: 'CLOSED' });
    });
  });

  it.each([
    ['short', [SECRET, 'fifteen bytes!!']],
    ['empty', ['']],
    ['empty behind its prefix', ['whsec_']],
    ['missing', []],
  ])('sends nothing that is signed with a secret that is %s', async (_what, secrets) => {
    const { seen, port } = await answering(200);
    const endpoint = { url: to(port), secrets: secrets as unknown as [string] };
    const refusal = transport('', { endpointOf: () => endpoint }).deliver(message(), never);
    await expect(refusal).rejects.toThrow(WebhookRefusedError);
    await expect(refusal).rejects.toThrow(/secret .* at least 16 bytes.*nothing was sent\.$/);
    expect(seen).toHaveLength(0);
  });

  it('lists every mistake in its options', () => {
    const wrong = { timeoutMs: 0, maxResponseBytes: -1 } as unknown as WebhookTransportOptions;
    const make = (): WebhookTransport => new WebhookTransport(wrong);
    expect(make).toThrow(InvalidConfigurationError);
    for (const name of ['endpointOf', 'timeoutMs', 'maxResponseBytes']) expect(make).toThrow(name);
  });
});
