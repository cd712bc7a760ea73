import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import {
  defineQueue,
  JobHandler,
  KeyScope,
  MessageQueueModule,
  MessageQueueService,
  Processor,
  Readable,
} from '../../src/message-queue/index.js';
import { DeadLetterService, MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import type {
  BulkReceipt,
  EnqueueOptions,
  JobPriority,
  MessageQueueOptions,
} from '../../src/message-queue/index.js';
import type { AddOptions, BenchHandler, BenchHost, BenchQueue, HostRequest, Subject } from '../subject.js';
import { ChatMessageDto } from './chat-message.dto.js';
import { countCalls } from './count-calls.js';

/** More than any measurement adds: what is measured is the road, not its limit. */
const NO_LIMIT = 100_000_000;
const JOB = 'send-message';

/** The message with its ids in the clear. */
class SealedMessageDto extends ChatMessageDto {}
for (const field of ['messageId', 'senderId', 'recipientId', 'createdAt']) {
  Readable()(SealedMessageDto.prototype, field);
}
KeyScope('conversation')(SealedMessageDto.prototype, 'conversationId');

function definitionOf(name: string, { concurrency, attempts }: HostRequest, sealed: boolean) {
  return defineQueue({
    name,
    description: 'Measured.',
    sealed,
    jobs: { [JOB]: sealed ? SealedMessageDto : ChatMessageDto },
    concurrency,
    attempts: attempts ?? 5,
    backoff: attempts === null ? { type: 'exponential', delayMs: 2_000 } : { type: 'fixed', delayMs: 0 },
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
    @JobHandler(JOB)
    async send(message: ChatMessageDto): Promise<void> {
      slot.run(message);
    }
  }
  return BenchProcessor;
}

@Module({})
class BenchModule {}

function optionsOf({ level, key }: AddOptions): EnqueueOptions | undefined {
  if (level === undefined && key === undefined) return undefined;
  return {
    ...(level !== undefined && { priority: (11 - level) as JobPriority }),
    ...(key !== undefined && { idempotencyKey: key }),
  };
}

function throwRejected(receipts: readonly BulkReceipt[]): void {
  const rejected = receipts.find((receipt) => 'error' in receipt);
  if (rejected !== undefined) throw rejected.error;
}

async function openHost(
  options: MessageQueueOptions,
  request: HostRequest,
  sealed = false,
): Promise<BenchHost> {
  const queues = request.queueNames.map((name) => ({
    definition: definitionOf(name, request, sealed),
    slot: new HandlerSlot(),
  }));
  const host: DynamicModule = {
    module: BenchModule,
    imports: [
      MessageQueueModule.forRoot({ ...options, environment: 'test', autoStart: false, builtInQueues: false }),
      ...queues.map(({ definition }) => MessageQueueModule.registerQueue(definition)),
    ],
    providers: queues.map(({ definition, slot }) => processorOf(definition.name, slot)),
  };
  const app = await NestFactory.createApplicationContext(host, { logger: ['fatal'], abortOnError: false });
  const messageQueue = app.get(MessageQueueService, { strict: false });
  const worker = app.get(MessageQueueWorker, { strict: false });
  const letters = app.get(DeadLetterService, { strict: false });
  // The worker of a process runs all of its queues.
  let working: Promise<void> | null = null;
  const [first, ...others] = queues.map(({ definition, slot }): BenchQueue => ({
    add: (message, own) =>
      messageQueue.enqueue(definition, JOB, message, ...(own === undefined ? [] : [optionsOf(own)])),
    addBulk: async (messages, level) => {
      const own = optionsOf({ level });
      const jobs = messages.map((payload) => (own === undefined ? { payload } : { payload, options: own }));
      throwRejected(await messageQueue.enqueueMany(definition, JOB, jobs));
    },
    work: async (handler) => {
      slot.run = handler;
      working ??= worker.start();
      await working;
      return async () => {
        working = null;
        await worker.stop();
      };
    },
  }));
  if (first === undefined) throw new Error('A host needs a queue.');
  return {
    queues: [first, ...others],
    metrics: () => messageQueue.getQueueMetrics(),
    deadLetters: {
      page: (limit) => letters.list({ limit }),
      count: async () => (await letters.stats()).total,
      groups: async () => (await letters.groups()).groups.length,
      replayAll: async () => (await letters.replayAll({ by: 'bench' })).replayed,
    },
    close: () => app.close(),
  };
}

const calls = countCalls(Redis.prototype, 'sendCommand');

function onRedis(sealed: boolean): Subject {
  return {
    calls,
    open: (request) =>
      openHost(
        { provider: 'redis', prefix: 'bench', redis: { host: '127.0.0.1', port: request.redisPort } },
        request,
        sealed,
      ),
  };
}

/** The whole road on Redis as a host uses it: facade, validation, executor, handler. */
export const moduleOnRedis = onRedis(false);

/** The same with payloads that are sealed. */
export const moduleSealed = onRedis(true);

/** The whole road on the memory provider. */
export const moduleInMemory: Subject = {
  calls,
  open: (request) =>
    openHost({ provider: 'memory', memory: { maxJobs: 10_000_000, maxBytes: 2 ** 40 } }, request),
};
