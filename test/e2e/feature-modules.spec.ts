import { InjectQueue } from '@nestjs/bull';
import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bull';
import { MessageQueueModule, MessageQueueService } from '../../src/message-queue/index.js';
import { MessageTransport } from '../../src/message-queue/ports/index.js';
import { MessageQueueTestingModule } from '../../src/message-queue/testing/index.js';
import { hostModule } from '../support/host-app.js';
import { waitUntil } from '../support/wait-until.js';
import { FILES, FileProcessor } from './files.fixture.js';

/** A feature's own service. */
@Injectable()
class FilesService {
  constructor(
    readonly messageQueue: MessageQueueService,
    @InjectQueue(FILES.name) readonly queue: Queue,
  ) {}
}

@Module({
  imports: [MessageQueueModule.registerQueue(FILES)],
  providers: [FilesService, FileProcessor],
  exports: [FilesService],
})
class FilesModule {}

/** A module that imports nothing of ours. */
@Injectable()
class AuditService {
  constructor(
    readonly messageQueue: MessageQueueService,
    readonly transport: MessageTransport,
  ) {}
}

@Module({ providers: [AuditService] })
class AuditModule {}

@Module({ imports: [FilesModule, AuditModule] })
class MediaModule {}

/** Nested feature modules, which are scanned before the registration they need, or after it. */
function hostOf(registration: Type<object> | DynamicModule, isLast: boolean): Type<object> {
  return hostModule('HostModule', {
    imports: isLast ? [MediaModule, registration] : [registration, MediaModule],
  });
}

async function checkHost(app: INestApplicationContext): Promise<void> {
  const { messageQueue, queue } = app.get(FilesService, { strict: false });
  const audit = app.get(AuditService, { strict: false });
  expect(audit.messageQueue).toBe(messageQueue);
  expect(audit.transport).toBe(app.get(MessageTransport, { strict: false }));
  const { id } = await audit.messageQueue.enqueue(FILES, 'resize', { fileId: 'f' });
  expect((await queue.getJob(id))?.data).toEqual({ fileId: 'f' });
}

describe('feature modules that register queues and inject the service', () => {
  const apps: INestApplicationContext[] = [];

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });

  const registrations = {
    'the plain import': () => MessageQueueModule,
    forRoot: () => MessageQueueModule.forRoot({ provider: 'memory' }),
    forRootAsync: () => MessageQueueModule.forRootAsync({ useFactory: () => ({ provider: 'memory' }) }),
  };
  const cases = Object.entries(registrations).flatMap(([name, registration]) => [
    { name, where: 'before them', registration, isLast: false },
    { name, where: 'after them', registration, isLast: true },
  ]);

  it.each(cases)('boot with $name $where', async ({ registration, isLast }) => {
    const app = await NestFactory.create(hostOf(registration(), isLast), {
      logger: false,
      abortOnError: false,
    });
    apps.push(app);
    await app.init();
    await checkHost(app);
    const { messageQueue } = app.get(FilesService, { strict: false });
    const { id } = await messageQueue.enqueue(FILES, 'resize', { fileId: 'g' });
    await waitUntil(
      async () => (await messageQueue.getJobStatus(FILES.name, id)).state === 'completed',
      'the job to complete',
    );
  });

  it('boot in the test kit as in the app', async () => {
    const app = await Test.createTestingModule({
      imports: [hostOf(MessageQueueTestingModule.register(), true)],
    }).compile();
    apps.push(app);
    await app.init();
    await checkHost(app);
  });
});
