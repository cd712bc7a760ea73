// What must compile and what must not, for a host that uses the package. Nothing here runs: `npm run types` is the test.
// A line under `@ts-expect-error` that compiles is an error.
import { IsInt, IsString } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  JobPriority,
  MessageQueueModule,
  NotificationType,
} from '../../src/message-queue/index.js';
import { DELIVERY_QUEUE } from '../../src/message-queue/queues/index.js';
import type {
  BatchContext,
  JobContext,
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

class UserJobDto {
  @IsString() userId!: string;
}

class DigestJobDto extends UserJobDto {
  @IsString() text!: string;
}

const NOTES = defineQueue({
  ...FILES,
  name: 'notes',
  jobs: { send: UserJobDto, digest: { payload: DigestJobDto, version: 2 } },
  flow: {
    key: { of: (note, job) => (job === 'send' ? note.userId : undefined), concurrency: 1 },
    jobs: { send: { rate: { limit: 1, perMs: 1_000 } }, digest: { batch: { size: 50, waitMs: 1_000 } } },
  },
});

/** Which jobs may start when is said of the queue's own jobs and payloads. */
export function flows(queue: MessageQueueService): void {
  void queue.enqueue(NOTES, 'digest', { userId: 'u', text: 't' });
  // @ts-expect-error one job has one payload, also when a run gets many
  void queue.enqueue(NOTES, 'digest', [{ userId: 'u', text: 't' }]);
  void queue.groups.pause(NOTES, { key: 'u' }, 'abuse report');
  void queue.groups.resume('notes', { job: 'digest', key: 'u' });
  void queue.groups.release(NOTES, { key: 'u' }, 'replay', { by: 'ada', jobId: 'm_1' });
  // @ts-expect-error the queue has no such job
  void queue.groups.resume(NOTES, { job: 'digets' });
  // @ts-expect-error only a key stands still for a dead letter
  void queue.groups.release(NOTES, { tenant: 'acme' }, 'replay');
  // @ts-expect-error a pause says why
  void queue.groups.pause(NOTES, { key: 'u' });
  const files = { ...FILES, jobs: { resize: ResizeJobDto, move: ResizeJobDto } };
  defineQueue({ ...NOTES, attempts: 5 });
  // @ts-expect-error the queue has no such job
  defineQueue({ ...files, flow: { jobs: { rezise: {} } } });
  // @ts-expect-error a job has no such flow
  defineQueue({ ...files, flow: { jobs: { resize: { batches: { size: 2, waitMs: 1 } } } } });
  // @ts-expect-error how long a batch waits is missing
  defineQueue({ ...files, flow: { jobs: { resize: { batch: { size: 2 } } } } });
  // @ts-expect-error the payloads have no such field
  defineQueue({ ...files, flow: { key: { of: (file) => file.userId } } });
  // @ts-expect-error the queue has no such job
  defineQueue({ ...files, flow: { key: { of: (file, job) => (job === 'send' ? file.fileId : undefined) } } });
  // @ts-expect-error a key is a text
  defineQueue({ ...files, flow: { key: { of: (file) => file.width } } });
}

/** A handler gets many payloads exactly when the definition collects its jobs. */
export class NotesProcessor {
  @JobHandler(NOTES, 'send')
  send(note: UserJobDto, context: JobContext): string {
    return note.userId + context.jobId;
  }

  @JobHandler(NOTES, 'digest')
  digest(notes: DigestJobDto[], batch: BatchContext): void {
    batch.fail(notes.length - 1, new Error(batch.members[0]?.jobId));
  }

  @JobHandler({ ...NOTES, attempts: 5 }, 'digest')
  readAll(notes: readonly UserJobDto[]): number {
    return notes.length;
  }

  // @ts-expect-error one run gets many
  @JobHandler(NOTES, 'digest')
  one(note: DigestJobDto): string {
    return note.text;
  }

  // @ts-expect-error the context of many is another
  @JobHandler(NOTES, 'digest')
  contextOfOne(_notes: DigestJobDto[], context: JobContext): string {
    return context.jobId;
  }

  // @ts-expect-error one run gets one
  @JobHandler(NOTES, 'send')
  many(notes: UserJobDto[]): number {
    return notes.length;
  }

  // @ts-expect-error the context of one is another
  @JobHandler(NOTES, 'send')
  contextOfMany(_note: UserJobDto, batch: BatchContext): number {
    return batch.members.length;
  }
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
