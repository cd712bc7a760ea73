// A host as DESIGN's public surface and the README show it, against the packed package. Compiled and run by
// foreign-hosts.spec.ts in apps of other Nest versions and module systems; it must end by itself with exit code 0.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { InjectQueue, Processor } from '@nestjs/bull';
import type { Queue } from 'bull';
import { Injectable, Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  JobPriority,
  MessageQueueModule,
  MessageQueueService,
  NotificationType,
  QueueName,
} from 'nestjs-message-queue';
import { MessageTransport } from 'nestjs-message-queue/ports';
import type { JobContext, JobReceipt } from 'nestjs-message-queue';
import type { TransportMessage, TransportReceipt } from 'nestjs-message-queue/ports';

class ResizeJobDto {
  @IsString() @Length(1, 128) fileId!: string;
  @IsInt() @Min(16) @Max(4096) width!: number;
}

const FILE_PROCESSING = defineQueue({
  name: 'file-processing',
  description: 'Pictures that are made smaller.',
  jobs: { resize: ResizeJobDto },
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000 },
  timeoutMs: 30_000,
});

@Processor(FILE_PROCESSING.name)
class FileProcessor {
  @JobHandler(FILE_PROCESSING, 'resize')
  async resize(payload: ResizeJobDto, { signal, progress }: JobContext): Promise<{ area: number }> {
    await progress({ percentage: 50, step: 'resizing' });
    signal.throwIfAborted();
    return { area: payload.width * payload.width };
  }
}

const transported: TransportMessage[] = [];

@Injectable()
class HostTransport extends MessageTransport {
  async deliver(message: TransportMessage): Promise<TransportReceipt> {
    transported.push(message);
    return { outcome: 'sent', reached: 1 };
  }
}

@Injectable()
class MessageService {
  constructor(
    readonly messageQueue: MessageQueueService,
    @InjectQueue(QueueName.MESSAGE_DELIVERY) readonly deliveryQueue: Queue,
  ) {}
}

/** The environment alone is enough. */
@Module({ imports: [ConfigModule.forRoot(), MessageQueueModule], providers: [MessageService] })
class PlainHostModule {}

@Module({
  imports: [
    ConfigModule.forRoot(),
    MessageQueueModule.forRoot({
      provider: 'memory',
      prefix: 'host',
      role: 'both',
      queues: { [QueueName.MESSAGE_DELIVERY]: { concurrency: 4 } },
      adapters: [{ provide: MessageTransport, useClass: HostTransport }],
    }),
    MessageQueueModule.registerQueue(FILE_PROCESSING),
  ],
  providers: [MessageService, FileProcessor],
})
class ConfiguredHostModule {}

@Module({
  imports: [
    MessageQueueModule.forRootAsync({
      imports: [ConfigModule.forRoot()],
      useFactory: async () => ({ provider: 'memory' as const }),
    }),
  ],
  providers: [MessageService],
})
class AsyncHostModule {}

async function settled(messageQueue: MessageQueueService, receipt: JobReceipt): Promise<string> {
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    const { state, lastError } = await messageQueue.getJobStatus(receipt.queue, receipt.id);
    if (state === 'completed' || state === 'failed') return lastError?.message ?? state;
    if (Date.now() > giveUpAt) return `${receipt.queue} ${receipt.id} is still ${state}`;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function useEverything({ messageQueue }: MessageService): Promise<JobReceipt[]> {
  const [messageId, senderId, recipientId, conversationId] = ['m1', 'ada', 'grace', 'c1'];
  const createdAt = new Date();
  const [content, title, message] = ['Hello!', 'New message', 'You have a new message'];
  const pushPayload = { badge: 1, clickAction: 'open-conversation' };
  const recipientIds = ['grace', 'alan', 'edsger'];
  return Promise.all([
    messageQueue.addMessageDeliveryJob(
      {
        messageId,
        senderId,
        recipientId,
        content,
        conversationId,
        requiresEncryption: true,
        createdAt: new Date(),
      },
      { priority: JobPriority.HIGH, delay: 0 },
    ),
    messageQueue.addNotificationJob({
      recipientId,
      type: NotificationType.PUSH,
      title,
      message,
      pushPayload,
      createdAt,
    }),
    messageQueue.addIndexingJob({
      messageId,
      operation: 'index',
      content,
      senderId,
      conversationId,
      createdAt,
    }),
    messageQueue.addEncryptionJob({
      messageId,
      operation: 'encrypt',
      content,
      algorithm: 'AES-256-GCM',
      createdAt,
    }),
    messageQueue.addBatchMessageJob({
      senderId,
      recipientIds,
      content,
      chunkSize: 50,
      chunkDelay: 200,
      createdAt,
    }),
  ]);
}

async function start(module: unknown): Promise<{ app: INestApplicationContext; service: MessageService }> {
  const app = await NestFactory.createApplicationContext(module as never, { logger: ['error', 'warn'] });
  return { app, service: app.get(MessageService, { strict: false }) };
}

async function runConfiguredHost(): Promise<void> {
  const { app, service } = await start(ConfiguredHostModule);
  const { messageQueue } = service;
  const receipts = await useEverything(service);
  receipts.push(await messageQueue.enqueue(FILE_PROCESSING, 'resize', { fileId: 'f1', width: 320 }));
  for (const receipt of receipts) assert.equal(await settled(messageQueue, receipt), 'completed');
  assert.equal(transported[0]?.messageId, 'm1');

  const cleanup = await messageQueue.addCleanupJob(
    { cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt: new Date() },
    { repeat: { cron: '0 2 * * *' } },
  );
  assert.equal(cleanup.queue, QueueName.MESSAGE_CLEANUP);
  const metrics = await messageQueue.getQueueMetrics();
  assert.ok(metrics.queues && metrics.totals && metrics.timestamp);
  const health = await messageQueue.getQueueHealth(QueueName.MESSAGE_DELIVERY);
  assert.ok(health);
  const failed = await messageQueue.getFailedJobs(QueueName.MESSAGE_DELIVERY, 100);
  assert.equal(failed.length, 0);
  assert.equal(service.deliveryQueue.name, QueueName.MESSAGE_DELIVERY);

  const indexing = { messageId: 'm1', operation: 'index', createdAt: new Date() };
  // @ts-expect-error an indexing payload is no delivery payload
  const refused = messageQueue.addMessageDeliveryJob(indexing);
  await assert.rejects(refused, { code: 'INVALID_PAYLOAD' });
  await app.close();
}

async function main(): Promise<void> {
  await runConfiguredHost();
  for (const module of [PlainHostModule, AsyncHostModule]) {
    const { app, service } = await start(module);
    for (const receipt of await useEverything(service)) {
      assert.equal(await settled(service.messageQueue, receipt), 'completed');
    }
    await app.close();
  }
  console.log('public surface works');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
