import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { SMTPServer } from 'smtp-server';
import { EnvironmentKeyProvider } from '../../src/message-queue/adapters/environment-keys/index.js';
import { FcmPushChannel } from '../../src/message-queue/adapters/fcm/index.js';
import { LiquidTemplateRenderer } from '../../src/message-queue/adapters/liquid/index.js';
import { SmtpEmailChannel } from '../../src/message-queue/adapters/smtp/index.js';
import { TwilioSmsChannel } from '../../src/message-queue/adapters/twilio/index.js';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import {
  DeviceTokenStore,
  EmailChannel,
  EncryptedContentStore,
  KeyProvider,
  PushChannel,
  SmsChannel,
  TemplateRenderer,
} from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { ContentWatch, MARKER, placesInRedis } from './content-watch.fixture.js';

const content = `${MARKER} meet me at the harbour`;
const keys = `k-1:${randomBytes(32).toString('base64')}`;
const createdAt = new Date();
const { signal } = new AbortController();

/** An SMTP server that refuses every mail and quotes it. */
async function quotingSmtpServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onData: (stream, _session, callback) => {
      stream.resume();
      stream.on('end', () => callback(Object.assign(new Error(`spam: "${content}"`), { responseCode: 554 })));
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const { port } = listening.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** An SMS gateway that refuses every message and quotes it. */
async function quotingSmsGateway(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(400).end(JSON.stringify({ code: 21617, message: `too long: ${content}` }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

let redis: TestRedis;
beforeAll(async () => {
  redis = await TestRedis.start();
});
afterAll(() => redis.stop());

describe.each(['memory', 'redis'] as const)(
  'content of encryption and notification jobs, provider %s',
  (provider) => {
    const apps = new HostApps();
    const watch = new ContentWatch();
    let peers: { close(): Promise<void> }[];
    let app: INestApplication;
    let service: MessageQueueService;

    beforeAll(async () => {
      watch.listen();
      const [smtp, sms] = [await quotingSmtpServer(), await quotingSmsGateway()];
      peers = [smtp, sms];
      const messaging = {
        send: () => Promise.reject(Object.assign(new Error(content), { code: 'messaging/invalid-argument' })),
      };
      const account = { accountSid: `AC${'1'.repeat(32)}`, authToken: 'x', from: 'Chat', baseUrl: sms.url };
      const templates = { news: { title: '{{ what }}', text: '{{ what | divided_by: 0 }}' } };
      app = await apps.start({
        imports: [
          MessageQueueModule.forRoot({
            provider,
            // Content must be nowhere but in payloads even where those can be read.
            privacy: { sealing: 'off' },
            redis: { host: '127.0.0.1', port: redis.port },
            adapters: [
              { provide: KeyProvider, useFactory: () => new EnvironmentKeyProvider({ keys }) },
              { provide: TemplateRenderer, useFactory: () => new LiquidTemplateRenderer({ templates }) },
              {
                provide: EmailChannel,
                useFactory: () => new SmtpEmailChannel({ url: smtp.url, from: 'a@example.org' }),
              },
              { provide: SmsChannel, useFactory: () => new TwilioSmsChannel(account) },
              { provide: PushChannel, useFactory: () => new FcmPushChannel(messaging) },
            ],
          }),
        ],
      });
      service = app.get(MessageQueueService);
      watch.follow(app);
      const device = { deviceId: 'd', recipientId: 'ben', platform: 'fcm', token: 't' } as const;
      await app.get(DeviceTokenStore).register(device, signal);
    });

    afterAll(async () => {
      jest.restoreAllMocks();
      await apps.close();
      for (const peer of peers) await peer.close();
    });

    async function traces(queue: QueueName, id: string): Promise<string> {
      return watch.tracesOf(app, { queue, id });
    }

    it('is in no result, error, log line or event of an encryption', async () => {
      const encryption = { messageId: 'm-1', content, createdAt };
      const sealed = await service.addEncryptionJob({ ...encryption, operation: 'encrypt' });
      const all = [await traces(QueueName.MESSAGE_ENCRYPTION, sealed.id)];
      expect(all[0]).toContain('"outcome":"saved"');
      const stored = await app.get(EncryptedContentStore).findEncrypted('m-1', signal);
      expect(stored?.envelope).not.toContain(MARKER);
      const broken = (stored?.envelope ?? '').replace(/.{4}$/, 'AAAA');
      for (const more of [
        { operation: 'decrypt' as const, content: undefined },
        { operation: 'decrypt' as const, content: broken },
        { operation: 'decrypt' as const },
        { operation: 'decrypt' as const, content: `mq1.${MARKER}.a.b.c.d.e` },
        { operation: 'encrypt' as const, keyId: 'k-9' },
        { operation: 'reencrypt' as const, content: undefined },
      ]) {
        const { id } = await service.addEncryptionJob({ ...encryption, ...more });
        all.push(await traces(QueueName.MESSAGE_ENCRYPTION, id));
      }
      const codes = ['TAMPERED', 'MALFORMED_ENVELOPE', 'UNKNOWN_KEY'];
      for (const code of codes) expect(all.join()).toContain(`ENCRYPTION_${code}`);
      expect(all.join()).not.toContain(MARKER);
    });

    it('is in no result, error, log line or event of a notification, though every service quotes it', async () => {
      const job = { recipientId: 'ben', title: content, message: content, createdAt };
      const all: string[] = [];
      for (const more of [
        { type: 'email' as const, emailAddress: 'ben@example.net' },
        { type: 'sms' as const, phoneNumber: '+4915112345678' },
        { type: 'push' as const, pushPayload: { data: { text: content } } },
        { type: 'in_app' as const },
        { type: 'in_app' as const, template: 'news', variables: { what: content } },
      ]) {
        const { id } = await service.addNotificationJob({ ...job, ...more });
        all.push(await traces(QueueName.MESSAGE_NOTIFICATION, id));
      }
      expect(all[0]).toContain('answered 554');
      expect(all[1]).toContain('error 21617');
      expect(all[2]).toContain('messaging/invalid-argument');
      expect(all[3]).toContain('"outcome":"sent"');
      expect(all.join()).not.toMatch(new RegExp(`${MARKER}|ben@example|4915112345678`));
      await expect(service.addNotificationJob({ ...job, type: 'email', ttlMs: -1 })).rejects.not.toThrow(
        MARKER,
      );
    });

    it('was in nothing that was logged, printed, announced or, besides payloads, kept in Redis meanwhile', async () => {
      expect(watch.events.length).toBeGreaterThan(10);
      expect(JSON.stringify([apps.logger.lines, watch.printed, watch.events])).not.toContain(MARKER);
      if (provider === 'memory') return;
      const { payloads, others } = await placesInRedis(redis.port);
      expect(payloads).toBeGreaterThan(8);
      expect(others).toEqual([]);
    });
  },
);
