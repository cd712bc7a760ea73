// What must compile and what must not, for a host that uses the package. Nothing here runs: `npm run types` is the test.
// A line under `@ts-expect-error` that compiles is an error.
import { IsInt, IsString } from 'class-validator';
import {
  defineQueue,
  JobPriority,
  MessageQueueModule,
  NotificationType,
} from '../../src/message-queue/index.js';
import { DELIVERY_QUEUE } from '../../src/message-queue/queues/index.js';
import type {
  MessageQueueOptionsFactory,
  MessageQueueService,
  PayloadOf,
} from '../../src/message-queue/index.js';

const createdAt = new Date();

class ResizeJobDto {
  @IsString() fileId!: string;
  @IsInt() width!: number;
}

const FILES = defineQueue({
  name: 'file-processing',
  description: 'Pictures that are made smaller.',
  jobs: { resize: ResizeJobDto },
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000 },
  timeoutMs: 30_000,
});

const FILES_2 = defineQueue({
  ...FILES,
  jobs: {
    resize: {
      payload: ResizeJobDto,
      version: 2,
      upcast: (version, payload) => ({ ...payload, width: version === 1 ? Number(payload['size']) : 0 }),
    },
    move: ResizeJobDto,
  },
});

/** A job whose payload has a version is typed by its DTO class. */
export function versions(queue: MessageQueueService): void {
  const payload: PayloadOf<typeof FILES_2, 'resize'> = { fileId: 'f', width: 1 };
  void queue.enqueue(FILES_2, 'resize', payload);
  void queue.enqueue(FILES_2, 'move', payload);
  // @ts-expect-error the width is missing
  void queue.enqueue(FILES_2, 'resize', { fileId: 'f' });
  // @ts-expect-error the queue has no such job
  void queue.enqueue(FILES_2, 'rezise', payload);
  const versioned = { payload: ResizeJobDto, version: 2 };
  defineQueue({ ...FILES, jobs: { resize: versioned } });
  // @ts-expect-error a version is a number
  defineQueue({ ...FILES, jobs: { resize: { ...versioned, version: '2' } } });
  // @ts-expect-error an upcast returns the payload
  defineQueue({ ...FILES, jobs: { resize: { ...versioned, upcast: () => 5 } } });
}

/** Payloads of the six queues. */
export function payloads(queue: MessageQueueService): void {
  const delivery = {
    messageId: 'm',
    senderId: 's',
    recipientId: 'r',
    content: 'c',
    conversationId: 'v',
    createdAt,
  };
  void queue.addMessageDeliveryJob(delivery);
  void queue.addMessageDeliveryJob(delivery, { priority: JobPriority.HIGH, delay: 0 });
  void queue.addMessageDeliveryJob(delivery, { priority: 7 });
  // @ts-expect-error a priority is a whole number from 1 to 10
  void queue.addMessageDeliveryJob(delivery, { priority: 11 });
  // @ts-expect-error text is no priority
  void queue.addMessageDeliveryJob(delivery, { priority: 'high' });
  // @ts-expect-error a schedule is by calendar or by interval, not both
  void queue.addMessageDeliveryJob(delivery, { repeat: { cron: '0 2 * * *', every: 1_000 } });
  const { content: _content, ...withoutContent } = delivery;
  // @ts-expect-error content is missing
  void queue.addMessageDeliveryJob(withoutContent);
  // @ts-expect-error a delivery has no such field
  void queue.addMessageDeliveryJob({ ...delivery, colour: 'red' });

  void queue.addNotificationJob({
    recipientId: 'r',
    type: NotificationType.PUSH,
    title: 't',
    message: 'm',
    createdAt,
  });
  // @ts-expect-error pigeons are no channel
  void queue.addNotificationJob({ recipientId: 'r', type: 'pigeon', title: 't', message: 'm', createdAt });

  void queue.addIndexingJob({ messageId: 'm', operation: 'index', content: 'c', createdAt });
  // @ts-expect-error an index knows index, update and delete
  void queue.addIndexingJob({ messageId: 'm', operation: 'drop', content: 'c', createdAt });

  void queue.addEncryptionJob({
    messageId: 'm',
    operation: 'encrypt',
    content: 'c',
    algorithm: 'AES-256-GCM',
    createdAt,
  });
  void queue.addEncryptionJob({
    messageId: 'm',
    operation: 'encrypt',
    content: 'c',
    // @ts-expect-error an algorithm that is not offered
    algorithm: 'ROT13',
    createdAt,
  });

  void queue.addCleanupJob({ cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt });
  // @ts-expect-error a cleanup of the wrong kind
  void queue.addCleanupJob({ cleanupType: 'everything', retentionDays: 90, batchSize: 1000, createdAt });
}

/** Queues of a host's own. */
export function ownQueues(queue: MessageQueueService): void {
  void queue.enqueue(FILES, 'resize', { fileId: 'f', width: 320 });
  // @ts-expect-error the queue has no such job
  void queue.enqueue(FILES, 'rotate', { fileId: 'f', width: 320 });
  // @ts-expect-error width is a number
  void queue.enqueue(FILES, 'resize', { fileId: 'f', width: '320' });
  // @ts-expect-error the payload of another queue
  void queue.enqueue(DELIVERY_QUEUE, 'send-message', { fileId: 'f', width: 320 });

  // @ts-expect-error a definition is complete, or it does not compile
  defineQueue({ name: 'half', jobs: { resize: ResizeJobDto }, concurrency: 1 });
  defineQueue({
    ...FILES,
    // @ts-expect-error backoff is fixed or exponential
    backoff: { type: 'linear', delayMs: 1 },
  });
}

/** Options that a factory makes, and what it cannot make: what puts the module together. */
export function factories(): void {
  MessageQueueModule.forRootAsync({
    isGlobal: true,
    adapters: [],
    inject: ['PATH'],
    useFactory: async (path: string) => ({
      board: { path },
      health: { maxDeadLetters: 10 },
      circuitBreakers: { failureThreshold: 2 },
      middleware: [(_job, next) => next()],
    }),
  });
  // @ts-expect-error adapters are providers: they are there before the factory runs
  MessageQueueModule.forRootAsync({ useFactory: () => ({ adapters: [] }) });
  // @ts-expect-error whether the module is global is known before the factory runs
  MessageQueueModule.forRootAsync({ useFactory: async () => ({ isGlobal: true }) });
  // @ts-expect-error imports are resolved before the factory runs
  MessageQueueModule.forRootAsync({ useFactory: () => ({ imports: [] }) });
  // @ts-expect-error the key of a further Redis is known before the factory runs
  MessageQueueModule.forRootAsync({ useFactory: () => ({ configKey: 'archive' }) });
  // @ts-expect-error the board is decided by the factory
  MessageQueueModule.forRootAsync({ useFactory: () => ({}), board: { path: '/queues' } });
}

/** A class that makes options cannot make more than a factory. */
export class GlobalFactory implements MessageQueueOptionsFactory {
  // @ts-expect-error whether the module is global is known before the class is made
  createMessageQueueOptions(): { isGlobal: true } {
    return { isGlobal: true };
  }
}

/** The payload type of a definition is its DTO. */
export const payload: PayloadOf<typeof FILES, 'resize'> = { fileId: 'f', width: 320 };
// @ts-expect-error width is missing
export const incomplete: PayloadOf<typeof FILES, 'resize'> = { fileId: 'f' };
