import type { INestApplication } from '@nestjs/common';
import { LiquidTemplateRenderer } from '../../src/message-queue/adapters/liquid/index.js';
import { InMemorySmsChannel } from '../../src/message-queue/adapters/in-memory/index.js';
import {
  InvalidPayloadError,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import { SmsChannel, TemplateRenderer } from '../../src/message-queue/ports/index.js';
import type { FittedDraft, NotificationDraft } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';

/** Takes at most ten characters, and no messages of theirs. */
class ShortSms extends InMemorySmsChannel {
  override fit(draft: NotificationDraft): FittedDraft {
    const issues = [
      ...(draft.body.length > 10 ? [{ path: 'message', message: 'must have at most 10 characters' }] : []),
      ...(draft.messageId === undefined ? [] : [{ path: 'messageId', message: 'must not be given' }]),
    ];
    return { draft, issues };
  }
}

describe('a notification that its channel cannot send', () => {
  const apps = new HostApps();
  let app: INestApplication;
  let service: MessageQueueService;
  const sms = { recipientId: 'ben', type: 'sms', phoneNumber: '+4915100000', createdAt: new Date() } as const;

  beforeAll(async () => {
    const templates = {
      hi: { text: 'Hi {{ name }}' },
      heap: { text: '{% for i in (1..9) %}{{ items }}{% endfor %}' },
    };
    const queue = MessageQueueModule.forRoot({
      provider: 'memory',
      autoStart: false,
      adapters: [
        { provide: TemplateRenderer, useFactory: () => new LiquidTemplateRenderer({ templates }) },
        { provide: SmsChannel, useClass: ShortSms },
      ],
    });
    app = await apps.start({ imports: [queue] });
    service = app.get(MessageQueueService);
  });
  afterAll(() => apps.close());

  const waiting = async (): Promise<number> =>
    (await service.getQueueMetrics()).queues[QueueName.MESSAGE_NOTIFICATION]?.waiting ?? -1;

  it.each([
    ['its message', { title: 'T', message: 'y'.repeat(11) }, 'message', 'must have at most 10 characters'],
    ['a field', { title: 'T', message: 'y', messageId: 'm1' }, 'messageId', 'must not be given'],
    [
      'what its template makes of it',
      { template: 'hi', variables: { name: 'Benjamin' } },
      'template',
      '"hi" makes a message that must have at most 10 characters',
    ],
    [
      'what an urgent one says, digest or not',
      { title: 'T', message: 'y'.repeat(11), digestKey: 'k', priority: 'urgent' as const },
      'message',
      'must have at most 10 characters',
    ],
  ])('is refused when it is added, for %s', async (_, fields, path, message) => {
    const before = await waiting();
    const adding = service.addNotificationJob({ ...sms, ...fields });
    await expect(adding).rejects.toBeInstanceOf(InvalidPayloadError);
    await expect(adding).rejects.toMatchObject({ issues: [{ path, message }] });
    const many = await service.addNotificationJobs([{ payload: { ...sms, ...fields } }]);
    expect(many).toMatchObject([{ outcome: 'rejected' }]);
    expect(await waiting()).toBe(before);
  });

  it.each([
    ['fits', { title: 'T', message: 'y'.repeat(10) }],
    ['fits as its template makes it', { template: 'hi', variables: { name: 'Ben' } }],
    ['is only listed in a digest', { title: 'T', message: 'y'.repeat(11), digestKey: 'k' }],
    ['goes over another channel', { title: 'T', message: 'y'.repeat(11), type: 'push' as const }],
  ])('is taken when it %s', async (_, fields) => {
    const before = await waiting();
    await service.addNotificationJob({ ...sms, ...fields });
    expect(await waiting()).toBe(before + 1);
  });

  it('is refused for a digest template that nobody has, or whose variables are missing', async () => {
    const digest = { ...sms, title: 'T', message: 'y', digestKey: 'k' };
    await expect(service.addNotificationJob({ ...digest, digestTemplate: 'nobody' })).rejects.toMatchObject({
      issues: [{ path: 'digestTemplate' }],
    });
    await expect(service.addNotificationJob({ ...digest, digestTemplate: 'hi' })).rejects.toMatchObject({
      issues: [{ path: 'variables.name' }],
    });
    expect((await service.addNotificationJob({ ...digest, digestTemplate: 'heap' })).deduplicated).toBe(
      false,
    );
  });
});
