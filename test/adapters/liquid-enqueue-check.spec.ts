import type { INestApplication } from '@nestjs/common';
import { LiquidTemplateRenderer } from '../../src/message-queue/adapters/liquid/index.js';
import {
  InvalidPayloadError,
  MessageQueueModule,
  MessageQueueService,
  NotificationType,
  QueueName,
} from '../../src/message-queue/index.js';
import { TemplateRenderer } from '../../src/message-queue/ports/index.js';
import { HostApps } from '../support/host-app.js';

describe('a notification with a template, when it is added', () => {
  const apps = new HostApps();
  let app: INestApplication;
  let service: MessageQueueService;
  const job = {
    recipientId: 'ben',
    type: NotificationType.EMAIL,
    emailAddress: 'ben@example.net',
    createdAt: new Date(),
  };

  beforeAll(async () => {
    const templates = {
      welcome: { title: 'Hi {{ name }}', text: '{{ name }} of {{ team.name }}' },
      endless: { text: '{% for i in (1..999999999) %}x{% endfor %}' },
    };
    const renderer = {
      provide: TemplateRenderer,
      useFactory: () => new LiquidTemplateRenderer({ templates }),
    };
    const queue = MessageQueueModule.forRoot({ provider: 'memory', autoStart: false, adapters: [renderer] });
    app = await apps.start({ imports: [queue] });
    service = app.get(MessageQueueService);
  });

  afterAll(() => apps.close());

  const waiting = async (): Promise<number> =>
    (await service.getQueueMetrics()).queues[QueueName.MESSAGE_NOTIFICATION]?.waiting ?? -1;

  it('is refused when variables are missing, each of them named', async () => {
    const adding = service.addNotificationJob({ ...job, template: 'welcome', variables: { nam: 'Ben' } });
    await expect(adding).rejects.toBeInstanceOf(InvalidPayloadError);
    await expect(adding).rejects.toMatchObject({
      queue: QueueName.MESSAGE_NOTIFICATION,
      issues: [
        { path: 'variables.name', message: 'is needed by template "welcome"' },
        { path: 'variables.team.name', message: 'is needed by template "welcome"' },
      ],
    });
    expect(await waiting()).toBe(0);
  });

  it('is refused when there is no such template', async () => {
    const adding = service.addNotificationJob({ ...job, template: 'welcom' });
    await expect(adding).rejects.toBeInstanceOf(InvalidPayloadError);
    await expect(adding).rejects.toMatchObject({
      issues: [
        { path: 'template', message: 'There is no template "welcom". Known templates: welcome, endless.' },
      ],
    });
    expect(await waiting()).toBe(0);
  });

  it('is taken when its template never ends: a dead letter waits for whoever can change that', async () => {
    await service.addNotificationJob({ ...job, template: 'endless' });
    expect(await waiting()).toBe(1);
  });

  it('is taken when all are there; one without a template is never asked for any', async () => {
    const before = await waiting();
    const variables = { name: 'Ben', 'team.name': 'Harbour' };
    await service.addNotificationJob({ ...job, template: 'welcome', variables });
    await service.addNotificationJob({ ...job, title: 'T', message: '{{ x }}' });
    expect(await waiting()).toBe(before + 2);
  });
});
