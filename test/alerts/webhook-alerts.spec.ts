import { verifyWebhook } from '../../src/message-queue/adapters/webhook/index.js';
import { InvalidConfigurationError } from '../../src/message-queue/index.js';
import type { AlertNotice } from '../../src/message-queue/jobs/events/alert-notice.js';
import { emailAlerts, webhookAlerts } from '../../src/message-queue/operations/index.js';
import type { WebhookAlertsOptions } from '../../src/message-queue/operations/index.js';
import { EmailChannel } from '../../src/message-queue/ports/index.js';
import type { ChannelReceipt, OutgoingNotification } from '../../src/message-queue/ports/index.js';
import { Receiver } from '../adapters/webhook-receiver.fixture.js';

const SECRET = 'a secret of more than 24 bytes, which nobody knows';
const SIGNAL = new AbortController().signal;

function notice(over: Partial<AlertNotice> = {}): AlertNotice {
  return {
    ...{ id: 'i-1', rule: 'QueueDepthHigh', queue: 'chat|ß', severity: 'critical', status: 'firing' },
    ...{
      message: '3 jobs wait in "chat|ß".',
      action: 'Add workers.',
      runbook: 'docs/operations.md#queuedepthhigh',
    },
    ...{ value: 3, limit: 1, since: new Date(0), resolvedAt: null, reminder: 0, ...over },
  };
}

describe('webhookAlerts', () => {
  let receiver: Receiver;
  let statuses: number[] = [];

  beforeAll(async () => {
    receiver = await Receiver.start((response) => void response.writeHead(statuses.shift() ?? 204).end());
  });
  afterAll(() => receiver.stop());
  beforeEach(() => {
    receiver.seen.length = 0;
    statuses = [];
  });

  const here = (over: Partial<WebhookAlertsOptions> = {}): WebhookAlertsOptions => ({
    ...{
      url: `http://127.0.0.1:${receiver.port}/a`,
      secret: SECRET,
      allowHttp: true,
      allowPrivateAddresses: true,
    },
    ...over,
  });

  it('posts a signed event, whose id is the same in every repeat and another for each reminder and the end', async () => {
    const sink = webhookAlerts(here());
    for (const over of [{}, {}, { reminder: 1 }, { status: 'resolved', resolvedAt: new Date(9) } as const]) {
      await sink.send(notice(over), SIGNAL);
    }
    const ids = receiver.seen.map(({ headers, body }) => verifyWebhook({ headers, body }, SECRET));
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
    const [first, , , last] = receiver.seen.map(({ body }) => JSON.parse(body) as object);
    expect(first).toMatchObject({
      type: 'alert.firing',
      data: { queue: 'chat|ß', value: 3, action: 'Add workers.' },
    });
    expect(last).toMatchObject({ type: 'alert.resolved', timestamp: new Date(9).toISOString() });
  });

  it('signs with every secret while they are changed', async () => {
    const other = 'another secret of more than 24 bytes, as good';
    await webhookAlerts(here({ secret: [SECRET, other] })).send(notice(), SIGNAL);
    for (const secret of [SECRET, other]) {
      const [{ headers, body }] = receiver.seen as [(typeof receiver.seen)[0]];
      expect(verifyWebhook({ headers, body }, secret)).toMatch(/^alert_/);
    }
  });

  it('tries again what was refused, and stops when nobody wants it any more', async () => {
    statuses = [500];
    await webhookAlerts(here()).send(notice(), SIGNAL);
    expect(receiver.seen).toHaveLength(2);
    statuses = [500, 500, 500];
    const ended = new AbortController();
    const sent = webhookAlerts(here()).send(notice(), ended.signal);
    ended.abort(new Error('the end'));
    await expect(sent).rejects.toThrow('the end');
  });

  it('calls no private address unless that is allowed, by name or by number', async () => {
    expect(() => webhookAlerts(here({ allowPrivateAddresses: false }))).toThrow(
      'names an address that is not public',
    );
    const resolve = () => Promise.resolve([{ address: '10.0.0.5', family: 4 } as const]);
    const named = webhookAlerts({ url: 'https://hooks.example.org/x', secret: SECRET, resolve });
    const soon = AbortSignal.timeout(200);
    await expect(named.send(notice(), soon)).rejects.toThrow();
    expect(receiver.seen).toEqual([]);
  });

  it.each([
    ['a short secret', { secret: 'x'.repeat(10) + 'y'.repeat(13) }, '24 bytes'],
    ['a secret that is one byte', { secret: 'x'.repeat(40) }, '24 bytes'],
    ['no secret', { secret: [] }, '24 bytes'],
    ['http', { allowHttp: false }, 'only https: is called'],
    ['a password in the URL', { url: 'https://ann:pw@example.org/' }, 'holds a user name or password'],
    ['no URL', { url: 'example.org' }, 'is not a URL'],
  ])('refuses %s, without quoting it', (_what, over, message) => {
    const options = here(over);
    const made = (): unknown => webhookAlerts(options);
    expect(made).toThrow(InvalidConfigurationError);
    expect(made).toThrow(message);
    expect(made).not.toThrow('pw@');
  });
});

describe('emailAlerts', () => {
  class NotedChannel extends EmailChannel {
    readonly sent: OutgoingNotification[] = [];
    refused = '';

    override async send(mail: OutgoingNotification): Promise<ChannelReceipt> {
      if (mail.destination === this.refused) return { outcome: 'unregistered' };
      this.sent.push(mail);
      return Promise.resolve({ outcome: 'sent' });
    }
  }

  it('mails everybody by the channel of the app, and says when one got none', async () => {
    const { inject, useFactory } = emailAlerts({ to: ['ann@example.org', 'ben@example.org'] });
    expect(inject).toEqual([EmailChannel]);
    const channel = new NotedChannel();
    const sink = await useFactory(channel as never);
    await sink.send(notice(), SIGNAL);
    expect(channel.sent).toMatchObject([
      {
        destination: 'ann@example.org',
        title: 'Firing (critical): QueueDepthHigh of "chat|ß"',
        urgent: true,
      },
      {
        destination: 'ben@example.org',
        body: expect.stringContaining('Runbook: docs/operations.md#queuedepthhigh'),
      },
    ]);
    expect(new Set(channel.sent.map(({ notificationId }) => notificationId)).size).toBe(1);
    channel.refused = 'ann@example.org';
    await expect(sink.send(notice(), SIGNAL)).rejects.toThrow('1 of 2 addresses got no mail.');
  });

  it.each([[[]], ['Ann <ann@example.org>'], ['ann@example.org, ben@example.org'], [undefined]])(
    'refuses %j',
    (to) => expect(() => emailAlerts({ to: to as string })).toThrow(InvalidConfigurationError),
  );
});
