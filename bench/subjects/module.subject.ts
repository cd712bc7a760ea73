import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsISO8601, IsString, Length } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  JobPriority,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import type { BulkReceipt, MessageQueueOptions } from '../../src/message-queue/index.js';
import type { ChatMessage } from '../chat-message.js';
import type { BenchHandler, BenchQueue, Importance, Subject } from '../subject.js';

/** The chat message as a host describes it: validated at enqueue and before processing. */
class ChatMessageDto implements ChatMessage {
  @IsString() @Length(1, 128) messageId!: string;
  @IsString() @Length(1, 128) senderId!: string;
  @IsString() @Length(1, 128) recipientId!: string;
  @IsString() @Length(1, 128) conversationId!: string;
  @IsString() @Length(1, 10_000) content!: string;
  @IsISO8601() createdAt!: string;
}

const PRIORITY: Record<Importance, JobPriority> = {
  default: JobPriority.NORMAL,
  'most-important': JobPriority.CRITICAL,
  'least-important': JobPriority.LOW,
};

/** More than any measurement adds: what is measured is the road, not its limit. */
const NO_LIMIT = 100_000_000;

function definitionOf(name: string, concurrency: number) {
  return defineQueue({
    name,
    description: 'Measured.',
    jobs: { 'send-message': ChatMessageDto },
    concurrency,
    attempts: 5,
    backoff: { type: 'exponential', delayMs: 2_000 },
    timeoutMs: 30_000,
    maxWaiting: NO_LIMIT,
  });
}

/** Calls whatever is to run at the time. */
class HandlerSlot {
  run: BenchHandler = () => undefined;
}

function processorOf(queueName: string, slot: HandlerSlot): Type<unknown> {
  @Processor(queueName)
  class BenchProcessor {
    @JobHandler('send-message')
    async send(message: ChatMessageDto): Promise<void> {
      slot.run(message);
    }
  }
  return BenchProcessor;
}

@Module({})
class BenchModule {}

function throwRejected(receipts: readonly BulkReceipt[]): void {
  const rejected = receipts.find((receipt) => 'error' in receipt);
  if (rejected !== undefined) throw rejected.error;
}

async function openQueue(
  options: MessageQueueOptions,
  name: string,
  concurrency: number,
): Promise<BenchQueue> {
  const definition = definitionOf(name, concurrency);
  const slot = new HandlerSlot();
  const host: DynamicModule = {
    module: BenchModule,
    imports: [
      MessageQueueModule.forRoot({ ...options, environment: 'test', autoStart: false }),
      MessageQueueModule.registerQueue(definition),
    ],
    providers: [processorOf(name, slot)],
  };
  const app = await NestFactory.createApplicationContext(host, { logger: ['error'] });
  const messageQueue = app.get(MessageQueueService, { strict: false });
  const worker = app.get(MessageQueueWorker, { strict: false });
  return {
    add: (message, importance) =>
      messageQueue.enqueue(definition, 'send-message', message, { priority: PRIORITY[importance] }),
    addBulk: async (messages, importance) => {
      const jobs = messages.map((payload) => ({ payload, options: { priority: PRIORITY[importance] } }));
      throwRejected(await messageQueue.enqueueMany(definition, 'send-message', jobs));
    },
    work: async (handler) => {
      slot.run = handler;
      await worker.start();
      return async () => {
        await worker.stop();
      };
    },
    close: () => app.close(),
  };
}

/** The whole road on Redis as a host uses it: facade, validation, executor, handler. */
export const moduleOnRedis: Subject = {
  name: 'ours, Redis',
  inProcess: false,
  open: ({ redisPort, queueName, concurrency }) =>
    openQueue(
      { provider: 'redis', prefix: 'bench', redis: { host: '127.0.0.1', port: redisPort } },
      queueName,
      concurrency,
    ),
};

/** The whole road on the memory provider. */
export const moduleInMemory: Subject = {
  name: 'ours, memory',
  inProcess: true,
  open: ({ queueName, concurrency }) =>
    openQueue(
      { provider: 'memory', memory: { maxJobs: 10_000_000, maxBytes: 2 ** 40 } },
      queueName,
      concurrency,
    ),
};
