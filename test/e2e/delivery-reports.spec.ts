import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { INestApplication } from '@nestjs/common';
import {
  SignedDeliveryReports,
  signWebhook,
  WebhookSignatureError,
} from '../../src/message-queue/adapters/webhook/index.js';
import { JobEvents, MessageQueueModule } from '../../src/message-queue/index.js';
import {
  AuditAction,
  AuditTrail,
  DeliveryReports,
  InvalidDeliveryReportError,
  NotificationLedger,
  Suppressions,
} from '../../src/message-queue/ports/index.js';
import type { NotificationLedgerEntry } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';

const SECRET = 'a-secret-of-24-characters';
const BEN = '+4915112345678';
const never = new AbortController().signal;
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

describe('reports that come later', () => {
  const apps = new HostApps();
  let app: INestApplication;
  let server: Server;
  let suppressions: Suppressions;
  let events: [string, unknown][];

  beforeEach(async () => {
    app = await apps.start({
      imports: [MessageQueueModule.forRoot({ provider: 'memory', autoStart: false })],
    });
    const receiver = new SignedDeliveryReports(app.get(DeliveryReports), SECRET);
    server = createServer((request, response) => {
      void text(request)
        .then((body) => receiver.receive({ headers: request.headers, body }))
        .then((changed) => response.writeHead(200).end(String(changed)))
        .catch((error: unknown) => {
          const isSigned = !(error instanceof WebhookSignatureError);
          response.writeHead(!isSigned ? 401 : error instanceof InvalidDeliveryReportError ? 400 : 500).end();
        });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    suppressions = app.get(Suppressions);
    events = [];
    for (const name of ['suppressed', 'suppressionLifted'] as const)
      app.get(JobEvents).on(name, (event) => void events.push([name, event]));
  });
  afterEach(async () => {
    await new Promise((closed) => server.close(closed));
    await apps.close();
  });

  /** @returns how many reports changed something, or the status of a refusal */
  async function post(body: unknown, secret = SECRET): Promise<string> {
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    const seconds = Math.floor(Date.now() / 1_000);
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      method: 'POST',
      body: sent,
      headers: {
        'webhook-id': 'r1',
        'webhook-timestamp': String(seconds),
        'webhook-signature': signWebhook(secret, 'r1', seconds, sent),
      },
    });
    return response.ok ? response.text() : String(response.status);
  }

  const isSuppressed = async (): Promise<boolean> => (await suppressions.findMany('sms', [BEN])).length > 0;
  const stop = (minutes: number) => ({
    ...{ channel: 'sms', outcome: 'opted-out', destination: BEN, detail: 'STOP', at: minutesAgo(minutes) },
  });
  const start = (minutes: number) => ({ ...stop(minutes), outcome: 'opted-in', detail: 'START' });

  it('reach the ledger and the suppressions once, however often they come', async () => {
    const entry: NotificationLedgerEntry = {
      ...{ notificationId: 'n1', target: 'email', recipientId: 'ben', type: 'email', outcome: 'sent' },
      ...{ providerId: '<n1@mail.example>', at: new Date() },
    };
    const ledger = app.get(NotificationLedger);
    await ledger.record(entry, never);
    const bounce = {
      ...{ channel: 'email', outcome: 'bounced', permanent: true, detail: 'DSN 5.1.1', at: minutesAgo(1) },
      ...{ providerId: '<n1@mail.example>', destination: 'ben@mail.example' },
    };
    expect(await post([bounce, { ...bounce, outcome: 'delivered', at: minutesAgo(2) }])).toBe('1');
    expect(await post(bounce)).toBe('0');
    expect(await ledger.list('n1')).toMatchObject([{ outcome: 'sent', report: { outcome: 'bounced' } }]);
    expect((await suppressions.list()).items).toMatchObject([
      { destination: 'ben@mail.example', recipientId: 'ben', reason: 'bounced', detail: 'DSN 5.1.1' },
    ]);
    expect(events).toEqual([['suppressed', { channel: 'email', reason: 'bounced', recipientId: 'ben' }]]);
    expect(JSON.stringify(events)).not.toContain('mail.example');
  });

  it('suppress whoever says STOP until they say START, in whatever order and how often these come', async () => {
    expect(await post(stop(9))).toBe('1');
    expect([await isSuppressed(), await post(stop(9))]).toEqual([true, '0']);
    expect([await post(start(8)), await isSuppressed()]).toEqual(['1', false]);
    expect([await post(stop(9)), await post(start(8)), await isSuppressed()]).toEqual(['0', '0', false]);
    // The newer one came first.
    expect([await post(start(5)), await post(stop(6)), await isSuppressed()]).toEqual(['0', '0', false]);
    expect([await post(stop(4)), await post(start(5)), await isSuppressed()]).toEqual(['1', '0', true]);
    expect(events.map(([name]) => name)).toEqual(['suppressed', 'suppressionLifted', 'suppressed']);
    const { items } = await app.get(AuditTrail).list({ actions: [AuditAction.LIFT] });
    expect(items.map(({ actor, phase }) => `${actor} ${phase}`)).toEqual([
      'delivery-report done',
      'delivery-report begun',
    ]);
  });

  it('lift what somebody wished by START, and nothing that only turned out', async () => {
    await suppressions.suppress({
      ...{ channel: 'sms', destination: BEN, recipientId: null, reason: 'invalid', detail: null },
    });
    expect([await post(start(0)), await isSuppressed()]).toEqual(['0', true]);
    expect(await suppressions.lift('sms', '+49 151 12345678', { by: 'ops' })).toBe(true);
  });

  it('count a time that has not come as now', async () => {
    await post({ ...stop(0), at: minutesAgo(-1_000_000) });
    expect([await post({ ...start(0), at: minutesAgo(-0.01) }), await isSuppressed()]).toEqual(['1', false]);
  });

  it.each([
    ['delivered', false, false],
    ['failed', false, false],
    ['failed', true, true],
    ['bounced', false, false],
    ['complained', false, true],
  ])('that say %s (for good: %s) suppress: %s', async (outcome, permanent, suppresses) => {
    await post({ ...stop(1), outcome, permanent });
    expect(await isSuppressed()).toBe(suppresses);
  });

  it('are answered where nobody knows their ids', async () => {
    expect(await post({ channel: 'sms', outcome: 'delivered', providerId: 'SM1', at: minutesAgo(1) })).toBe(
      '0',
    );
  });

  it.each([
    ['another signature', stop(1), 'another-secret-of-24-chars', '401'],
    ['no JSON', '{', SECRET, '400'],
    ['no report', [1], SECRET, '400'],
    ['no time', { ...stop(1), at: 'yesterday' }, SECRET, '400'],
    ['another channel', { ...stop(1), channel: 'fax' }, SECRET, '400'],
    ['another outcome', { ...stop(1), outcome: 'eaten' }, SECRET, '400'],
    ['nobody that it is about', { ...stop(1), destination: undefined }, SECRET, '400'],
    ['prose where none may be', { ...stop(1), detail: { a: 1 } }, SECRET, '400'],
  ])('are refused with %s', async (_, body, secret, status) => {
    expect(await post(body, secret)).toBe(status);
    expect(await isSuppressed()).toBe(false);
  });

  it('need a secret that nobody guesses', () => {
    expect(() => new SignedDeliveryReports(app.get(DeliveryReports), 'short')).toThrow('16 bytes');
  });
});
