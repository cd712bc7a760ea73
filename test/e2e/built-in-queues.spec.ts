import { InjectQueue } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import {
  InvalidConfigurationError,
  MESSAGE_QUEUE_CONFIG,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
  UnknownQueueError,
} from '../../src/message-queue/index.js';
import type { MessageQueueConfig, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { QueueMonitor } from '../../src/message-queue/operations/index.js';
import { DeliveryDispatch } from '../../src/message-queue/ports/index.js';
import { MessageQueueTestingModule } from '../../src/message-queue/testing/index.js';
import { HostApps, hostModule } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';
import { FILES, FileProcessor } from './files.fixture.js';

const { MESSAGE_DELIVERY, MESSAGE_NOTIFICATION, MESSAGE_CLEANUP, BATCH_MESSAGE_SENDING } = QueueName;

@Injectable()
class CleaningService {
  constructor(@InjectQueue(MESSAGE_CLEANUP) readonly queue: Queue) {}
}

const MESSAGE = {
  messageId: 'm1',
  senderId: 'ann',
  recipientId: 'bob',
  content: 'Good morning',
  conversationId: 'c1',
  createdAt: new Date(),
};
const NOTE = {
  recipientId: 'bob',
  type: 'in_app',
  title: 'Hello',
  message: 'Hello',
  createdAt: new Date(),
} as const;

describe('builtInQueues', () => {
  const apps = new HostApps();
  const environment = { ...process.env };

  afterEach(async () => {
    await apps.close();
    process.env = { ...environment };
  });

  const start = (options: MessageQueueModuleOptions, providers: [] | [typeof CleaningService] = []) =>
    apps.start({
      imports: [
        MessageQueueModule.forRoot({ provider: 'memory', environment: 'development', ...options }),
        hostModule('FilesModule', {
          imports: [MessageQueueModule.registerQueue(FILES)],
          providers: [FileProcessor, ...providers],
        }),
      ],
    });

  const schedulesOf = (app: INestApplication): string[] =>
    app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).schedules.map(({ queue }) => queue);

  it('are all six by default', async () => {
    const app = await start({});
    const { queues } = await app.get(MessageQueueService).getQueueMetrics();
    expect(Object.keys(queues)).toEqual([...Object.values(QueueName), FILES.name]);
    expect(schedulesOf(app)).toEqual(Array(6).fill(MESSAGE_CLEANUP));
  });

  it('can be picked: metrics, health, schedules and the board follow', async () => {
    const app = await start({ builtInQueues: [MESSAGE_NOTIFICATION, MESSAGE_DELIVERY] });
    const service = app.get(MessageQueueService);
    const names = [MESSAGE_DELIVERY, MESSAGE_NOTIFICATION, FILES.name];
    expect(Object.keys((await service.getQueueMetrics()).queues)).toEqual(names);
    expect((await service.getQueueStats()).queues).toEqual(names);
    expect(Object.keys((await app.get(QueueMonitor).overallHealth()).queues)).toEqual(names);
    expect(Object.keys(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).queues)).toEqual(names);
    expect(schedulesOf(app)).toEqual([]);
    await app.listen(0, '127.0.0.1');
    const board = await fetch(`${await app.getUrl()}/admin/queues/api/queues?page=1&jobsPerPage=10`);
    const shown = (await board.json()) as { queues: { name: string }[] };
    expect(shown.queues.map(({ name }) => name)).toEqual(names);
    const { id } = await service.addMessageDeliveryJob(MESSAGE);
    await waitUntil(
      async () => (await service.getJobStatus(MESSAGE_DELIVERY, id)).state === 'completed',
      'the delivery',
    );
  });

  it('can be left out altogether: the queues of a host work alone', async () => {
    const app = await start({ builtInQueues: false });
    const service = app.get(MessageQueueService);
    expect(Object.keys((await service.getQueueMetrics()).queues)).toEqual([FILES.name]);
    const { id } = await service.enqueue(FILES, 'resize', { fileId: 'f' });
    await waitUntil(
      async () => (await service.getJobStatus(FILES.name, id)).state === 'completed',
      'the job',
    );
  });

  it('refuses what is asked of a queue that is left out, and says where to name it', async () => {
    const app = await start({ builtInQueues: [MESSAGE_DELIVERY] });
    const service = app.get(MessageQueueService);
    const refused = [
      service.addNotificationJob(NOTE),
      service.addNotificationJobs([{ payload: NOTE }]),
      service.addBatchMessageJob({ ...MESSAGE, recipientIds: ['bob'], chunkSize: 1, chunkDelay: 0 }),
      service.getQueueHealth(MESSAGE_NOTIFICATION),
    ];
    for (const call of refused) {
      await expect(call).rejects.toThrow(UnknownQueueError);
      await expect(call).rejects.toThrow(
        /Queue "(message-notification|batch-message-sending)" is left out of this app by builtInQueues \(MESSAGE_QUEUE_BUILT_IN_QUEUES\); name it there to use it\. Registered: message-delivery, file-processing\./,
      );
    }
  });

  it.each([
    ['message-notification,message-delivery', [MESSAGE_DELIVERY, MESSAGE_NOTIFICATION]],
    ['false', []],
  ])('can be picked by the environment: %s', async (text, picked) => {
    process.env['MESSAGE_QUEUE_BUILT_IN_QUEUES'] = text;
    process.env['QUEUE_MESSAGE_CLEANUP_ATTEMPTS'] = '3';
    const app = await start({});
    expect(app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG).builtInQueues).toEqual(picked);
    expect(Object.keys((await app.get(MessageQueueService).getQueueMetrics()).queues)).toEqual([
      ...picked,
      FILES.name,
    ]);
  });

  it('can be picked by a factory, and in the test kit', async () => {
    const app = await apps.start({
      imports: [
        MessageQueueModule.forRootAsync({ useFactory: () => ({ builtInQueues: [MESSAGE_DELIVERY] }) }),
      ],
    });
    const names = async (host: INestApplication): Promise<string[]> =>
      Object.keys((await host.get(MessageQueueService).getQueueMetrics()).queues);
    expect(await names(app)).toEqual([MESSAGE_DELIVERY]);
    const test = await apps.start({
      imports: [MessageQueueTestingModule.register({ builtInQueues: [MESSAGE_CLEANUP] })],
    });
    expect(await names(test)).toEqual([MESSAGE_CLEANUP]);
  });

  it.each([
    [
      ['message-delivry'],
      /builtInQueues: .*must be false, or a list of message-delivery, .*did you mean "message-delivery"/,
    ],
    [[], /builtInQueues: .*must be false, or a list of/],
    [true, /builtInQueues: .*must be false, or a list of/],
  ])('refuses %j', async (builtInQueues, message) => {
    const started = start({ builtInQueues } as never);
    await expect(started).rejects.toThrow(InvalidConfigurationError);
    await expect(started).rejects.toThrow(message);
  });

  it('refuses to start when a class injects a queue that is left out', async () => {
    const started = start({ builtInQueues: [MESSAGE_DELIVERY] }, [CleaningService]);
    await expect(started).rejects.toThrow(InvalidConfigurationError);
    await expect(started).rejects.toThrow(
      /builtInQueues: leaves out "message-cleanup", which CleaningService of FilesModule injects/,
    );
  });

  it('refuses batches without the queue that their messages go to, unless they go elsewhere', async () => {
    await expect(start({ builtInQueues: [BATCH_MESSAGE_SENDING] })).rejects.toThrow(
      /names "batch-message-sending" without "message-delivery"/,
    );
    class OwnDispatch extends DeliveryDispatch {
      async dispatchMany(): Promise<[]> {
        return [];
      }
    }
    const adapters = [{ provide: DeliveryDispatch, useClass: OwnDispatch }];
    const app = await start({ builtInQueues: [BATCH_MESSAGE_SENDING], adapters });
    expect(app.get(DeliveryDispatch)).toBeInstanceOf(OwnDispatch);
  });
});
