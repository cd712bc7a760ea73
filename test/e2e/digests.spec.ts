import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { MessageQueueModule, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import { EmailChannel } from '../../src/message-queue/ports/index.js';
import type { OutgoingNotification } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class Mail extends EmailChannel {
  readonly sent: OutgoingNotification[] = [];
  override async send(notification: OutgoingNotification) {
    this.sent.push(notification);
    return { outcome: 'sent' } as const;
  }
}

describe.each(['memory', 'redis'] as const)('Digests on %s', (provider) => {
  let redis: TestRedis | null = null;
  let apps: HostApps;
  let app: INestApplication;
  let service: MessageQueueService;
  let mail: Mail;

  beforeAll(async () => {
    redis = provider === 'redis' ? await TestRedis.start() : null;
  });
  beforeEach(async () => {
    apps = new HostApps();
    mail = new Mail();
    const place = redis === null ? {} : { redis: { url: redis.url }, prefix: `digests-${randomUUID()}` };
    const library = MessageQueueModule.forRoot({
      ...{ provider, environment: 'test', acceptInMemory: true, ...place },
      adapters: [{ provide: EmailChannel, useValue: mail }],
      queues: {
        // A digest goes out with its third notification; those that are fewer would wait for longer than any test.
        [QueueName.MESSAGE_NOTIFICATION]: {
          flow: { jobs: { 'send-digest': { batch: { size: 3, waitMs: 600_000 } } } },
        },
      },
    });
    app = await apps.start({ imports: [library] });
    service = app.get(MessageQueueService);
  });
  afterEach(() => apps.close());
  afterAll(() => redis?.stop());

  const notify = (recipientId: string, message: string, idempotencyKey?: string) =>
    service.addNotificationJob(
      {
        ...{ recipientId, type: 'email', emailAddress: `${recipientId}@example.org`, digestKey: 'chat' },
        ...{ title: 'Ada', message, createdAt: new Date() },
      },
      { idempotencyKey },
    );

  it('collect for each recipient by itself, once, and send one message', async () => {
    for (const text of ['one', 'two', 'three']) {
      await notify('ben', text, text);
      await notify('cleo', text);
      // Again, as a client that heard no answer does.
      await notify('ben', text, text);
    }
    await waitUntil(() => mail.sent.length === 2, 'both digests to go out');
    const found = mail.sent.map(({ recipientId, body }) => [recipientId, body.split('\n').sort()]).sort();
    const lines = ['Ada: one', 'Ada: three', 'Ada: two'];
    expect(found).toEqual([
      ['ben', lines],
      ['cleo', lines],
    ]);
  });
});
