import {
  verifyWebhook,
  webhookBreakerName,
  WebhookTransport,
} from '../../src/message-queue/adapters/webhook/index.js';
import type {
  ResolvedAddress,
  WebhookTransportOptions,
} from '../../src/message-queue/adapters/webhook/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import {
  ChannelSettingsError,
  DestinationBusyError,
} from '../../src/message-queue/ports/destination-errors.js';
import { messageTransportContract } from '../../src/message-queue/testing/contracts/index.js';
import { CONTENT, failureOf, message, Receiver, SECRET, to, transport } from './webhook-receiver.fixture.js';
import type { Seen } from './webhook-receiver.fixture.js';

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

  it('gives up waiting for an endpoint that does not answer', async () => {
    const { port } = await receiver(() => undefined);
    const hurried = transport(to(port), { timeoutMs: 150 });
    const failure = await failureOf(hurried.deliver(message(), never));
    expect(failure).toBeInstanceOf(DestinationBusyError);
    expect(String(failure)).toContain('did not answer within 150 ms');
  });

  it('gives up waiting for a name server that does not answer', async () => {
    const hurried = transport('http://slow.test/', {
      timeoutMs: 100,
      resolve: () => new Promise(() => undefined),
    });
    await expect(hurried.deliver(message(), never)).rejects.toThrow(DestinationBusyError);
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

  describe('keeps away from addresses that are not public', () => {
    const strict = { allowPrivateAddresses: false } as const;

    it.each([
      ...['127.0.0.1', '127.1', '0x7f000001', '2130706433', '0', '[::1]', '[::ffff:127.0.0.1]', 'localhost'],
      ...['10.0.0.1', '192.168.0.1', '169.254.169.254', '[fe80::1]', '[fd00::1]'],
    ])('%s', async (host) => {
      const { seen, port } = await answering(200);
      const careful = transport(`http://${host}:${port}/`, strict);
      await expect(careful.deliver(message(), never)).rejects.toThrow(
        host === 'localhost' ? DestinationBusyError : ChannelSettingsError,
      );
      expect(seen).toHaveLength(0);
    });

    it('a name with one private address among public ones', async () => {
      const resolve = async (): Promise<ResolvedAddress[]> => [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ];
      const careful = transport('http://two.test/', { ...strict, resolve });
      const failure = await failureOf(careful.deliver(message(), never));
      expect(failure).toBeInstanceOf(DestinationBusyError);
      expect(String(failure)).toContain('not public');
      expect(String(failure)).not.toMatch(/127\.0|two\.test/);
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
    const error = await failureOf(transport(url, over).deliver(message(), never));
    expect(error).toBeInstanceOf(ChannelSettingsError);
    expect(String(error)).not.toContain('secret');
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
    await expect(refusal).rejects.toThrow(ChannelSettingsError);
    await expect(refusal).rejects.toThrow(/secret .* at least 16 bytes.*nothing was sent\.$/);
    expect(seen).toHaveLength(0);
  });

  it('names the breaker of an endpoint by its host, and nothing else of it', () => {
    const names = [
      'https://hooks.example/services/T0/SECRET?token=SECRET',
      'https://hooks.example/services/T1',
    ].map(webhookBreakerName);
    for (const name of names) expect(name).toMatch(/^webhook:hooks\.example#[0-9a-f]{12}$/);
    expect(names[0]).not.toBe(names[1]);
    expect(webhookBreakerName('https://Hooks.example:443/services/T1#x')).toBe(names[1]);
    expect(webhookBreakerName('no URL')).toMatch(/^webhook:#[0-9a-f]{12}$/);
  });

  it('lists every mistake in its options', () => {
    const wrong = { timeoutMs: 0, maxResponseBytes: -1 } as unknown as WebhookTransportOptions;
    const make = (): WebhookTransport => new WebhookTransport(wrong);
    expect(make).toThrow(InvalidConfigurationError);
    for (const name of ['endpointOf', 'timeoutMs', 'maxResponseBytes']) expect(make).toThrow(name);
  });
});
