import type { WebhookTransportOptions } from '../../src/message-queue/adapters/webhook/index.js';
import { webhookBreakerName, WebhookTransport } from '../../src/message-queue/adapters/webhook/index.js';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { CircuitOpenError } from '../../src/message-queue/jobs/errors.js';
import {
  ChannelSettingsError,
  DestinationBusyError,
} from '../../src/message-queue/ports/destination-errors.js';
import type { MessageTransport } from '../../src/message-queue/ports/messages/message-transport.js';
import { Dependency, guardedPort } from '../../src/message-queue/queues/guarded-port.js';
import { CockatielCircuitBreakers } from '../../src/message-queue/resilience/cockatiel-circuit-breakers.js';
import { freePort } from '../support/redis-server.js';
import { failureOf, message, Receiver, SECRET, to } from './webhook-receiver.fixture.js';

const never = new AbortController().signal;
const THRESHOLD = 3;
const HALF_OPEN_AFTER_MS = 30_000;

describe('WebhookTransport with the app’s circuit breakers', () => {
  const receivers: Receiver[] = [];
  let breakers: CockatielCircuitBreakers;
  let clock: SystemClock;
  let nowMs: number;

  beforeEach(() => {
    nowMs = 1_000_000;
    clock = new SystemClock();
    clock.now = () => nowMs;
    breakers = new CockatielCircuitBreakers(clock, {
      failureThreshold: THRESHOLD,
      halfOpenAfterMs: HALF_OPEN_AFTER_MS,
    });
  });
  afterEach(async () => {
    await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
  });

  /** One host: what each path answers. */
  async function host(statusOf: (path: string) => number | null): Promise<Receiver> {
    const receiver = await Receiver.start((response, { url }) => {
      const status = statusOf(url ?? '');
      if (status !== null) response.writeHead(status).end();
    });
    receivers.push(receiver);
    return receiver;
  }
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
    const webhook = new WebhookTransport(options, breakers, undefined, clock);
    return guardedPort(webhook, Dependency.TRANSPORT, breakers);
  }
  const deliverTo = (webhook: MessageTransport, recipientId: string): Promise<unknown> =>
    webhook.deliver(message({ recipientId }), never);

  it('lets a path that is broken stop its own messages only, also on a host that others share', async () => {
    const { port, seen } = await host((path) => (path.startsWith('/broken') ? 500 : 204));
    const urls = { bad: to(port, '/broken'), good: to(port, '/hooks/good') };
    const webhook = guarded(urls);
    for (let n = 0; n < 2 * THRESHOLD; n += 1) {
      expect(await failureOf(deliverTo(webhook, 'bad'))).toBeInstanceOf(DestinationBusyError);
      expect(await deliverTo(webhook, 'good')).toMatchObject({ outcome: 'delivered' });
    }
    expect(seen.filter(({ path }) => path === '/broken')).toHaveLength(THRESHOLD);
    expect(states()).toEqual({
      transport: 'CLOSED',
      [webhookBreakerName(urls.bad)]: 'OPEN',
      [webhookBreakerName(urls.good)]: 'CLOSED',
    });
  });

  it.each([
    ['answers 503', () => host(() => 503), {}],
    ['answers 404', () => host(() => 404), {}],
    ['answers 429', () => host(() => 429), {}],
    ['never answers', () => host(() => null), { timeoutMs: 50 }],
    ['takes no connections', async () => ({ port: await freePort() }), {}],
  ])('lets no host that %s open the breaker of the transport', async (_, start, over) => {
    const { port } = await start();
    const webhook = guarded({ dead: to(port) }, over);
    for (let n = 0; n < 5 * THRESHOLD; n += 1) {
      expect(await failureOf(deliverTo(webhook, 'dead'))).toBeInstanceOf(DestinationBusyError);
    }
    expect(states()).toEqual({ transport: 'CLOSED', [webhookBreakerName(to(port))]: 'OPEN' });
  });

  it('goes by the schedule of each message while it is open, and asks again soon while one message probes', async () => {
    let isUp = false;
    let letGo = (): void => undefined;
    const receiver = await Receiver.start((response) => {
      if (!isUp) response.writeHead(503).end();
      else letGo = () => void response.end();
    });
    receivers.push(receiver);
    const webhook = guarded({ grace: to(receiver.port) });
    for (let n = 0; n < THRESHOLD; n += 1) await failureOf(deliverTo(webhook, 'grace'));
    expect(await failureOf(deliverTo(webhook, 'grace'))).toMatchObject({ retryAfterMs: null });
    nowMs += HALF_OPEN_AFTER_MS;
    isUp = true;
    const probe = deliverTo(webhook, 'grace');
    const beside = await failureOf(deliverTo(webhook, 'grace'));
    expect(beside).toBeInstanceOf(DestinationBusyError);
    expect(beside).toMatchObject({ retryAfterMs: 5_000 });
    while (receiver.seen.length < THRESHOLD + 1) await new Promise(setImmediate);
    letGo();
    expect(await probe).toMatchObject({ outcome: 'delivered' });
    expect(states()).toMatchObject({ [webhookBreakerName(to(receiver.port))]: 'CLOSED' });
  });

  it('opens for the whole transport when what is wrong lies on this side', async () => {
    const { port } = await host(() => 204);
    const webhook = guarded({ live: to(port) });
    for (let n = 0; n < THRESHOLD; n += 1) await failureOf(deliverTo(webhook, 'unknown'));
    expect(states()).toEqual({ transport: 'OPEN' });
  });

  it('takes a refused message and an endpoint that is gone for answers', async () => {
    const { port } = await host((path) => Number(path.slice(1)));
    const webhook = guarded({ refusing: to(port, '/422'), gone: to(port, '/410') });
    for (let n = 0; n < 2 * THRESHOLD; n += 1) {
      expect(await failureOf(deliverTo(webhook, 'refusing'))).toMatchObject({ code: 'WEBHOOK_REFUSED' });
      expect(await deliverTo(webhook, 'gone')).toMatchObject({ outcome: 'refused' });
    }
    expect(new Set(Object.values(states()))).toEqual(new Set(['CLOSED']));
  });

  it('lets the jobs of an endpoint with wrong settings wait until they are mended, and nobody else’s', async () => {
    const { port } = await host(() => 204);
    const urls: Record<string, string> = { wrong: 'ftp://example.org/hook', right: to(port) };
    const webhook = guarded(urls);
    expect(await failureOf(deliverTo(webhook, 'wrong'))).toBeInstanceOf(ChannelSettingsError);
    expect(await failureOf(deliverTo(webhook, 'wrong'))).toBeInstanceOf(CircuitOpenError);
    expect(await deliverTo(webhook, 'right')).toMatchObject({ outcome: 'delivered' });
    expect(states()).toMatchObject({
      transport: 'CLOSED',
      [webhookBreakerName('ftp://example.org/hook')]: 'OPEN',
    });
    urls['wrong'] = to(port);
    expect(await deliverTo(webhook, 'wrong')).toMatchObject({ outcome: 'delivered' });
  });
});
