import type { INestApplication } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import type { Queue } from 'bull';
import {
  defineQueue,
  getQueueToken,
  InvalidJobOptionsError,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import { DeliveryDispatch } from '../../src/message-queue/ports/index.js';
import type { BatchMessageJobDto, SendMessageJobDto } from '../../src/message-queue/index.js';
import type { ManagedJobOptions, ManagedJobRecord } from '../../src/message-queue/jobs/managed-job.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';

class NoteDto {
  @IsString() text!: string;

  @IsOptional() @IsString() chat?: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Notes of a test.',
  jobs: { note: NoteDto, urgent: NoteDto },
  concurrency: 1,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 1_000,
  sealed: true,
  flow: { key: { of: ({ chat }, job) => (job === 'note' ? chat : undefined), required: true }, tenant: {} },
});

const createdAt = new Date();
const content = 'Hello';

describe.each(['memory', 'redis'] as const)('options of groups on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefixes = 0;
  let app: INestApplication;
  let service: MessageQueueService;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start();
  });

  beforeEach(async () => {
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          prefix: `flow-${(prefixes += 1)}`,
          role: 'producer',
          builtInQueues: ['message-delivery', 'batch-message-sending'],
          queues: {
            'message-delivery': {
              flow: { key: { of: ({ conversationId }: SendMessageJobDto) => conversationId } },
            },
            'batch-message-sending': {
              flow: { key: {}, tenant: { of: ({ senderId }: BatchMessageJobDto) => senderId } },
            },
          },
          ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
        }),
        MessageQueueModule.registerQueue(NOTES),
      ],
    });
    service = app.get(MessageQueueService);
  });

  afterEach(() => apps.close());

  afterAll(async () => {
    await redis?.stop();
  });

  const recordOf = async (queue: string, id: string): Promise<ManagedJobRecord> => {
    const job = await app.get<Queue>(getQueueToken(queue)).getJob(id);
    const opts: ManagedJobOptions = job?.opts ?? {};
    return opts.mq ?? {};
  };

  it('tell the key of a payload that is sealed where it is stored, unless the call names one', async () => {
    const told = await service.enqueue(NOTES, 'note', { text: 'a', chat: 'c-1' });
    const named = await service.enqueue(
      NOTES,
      'note',
      { text: 'a', chat: 'c-1' },
      { key: 'mine', tenant: 'acme' },
    );
    expect(await recordOf('notes', told.id)).toMatchObject({ key: 'c-1' });
    expect(await recordOf('notes', named.id)).toMatchObject({ key: 'mine', tenant: 'acme' });
  });

  it('are those of each job of a bulk add, of which one that has no key is refused by itself', async () => {
    const jobs = [{ text: 'a', chat: 'c-1' }, { text: 'b' }, { text: 'c', chat: 'c-3' }];
    const payloads = jobs.map((payload) => ({ payload }));
    const receipts = await service.enqueueMany(NOTES, 'note', payloads);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['added', 'rejected', 'added']);
    expect(receipts[1]).toMatchObject({ error: { code: 'INVALID_JOB_OPTIONS', issues: [{ path: 'key' }] } });
    const [first, , last] = receipts as { readonly id: string }[];
    expect(await recordOf('notes', String(first?.id))).toMatchObject({ key: 'c-1' });
    expect(await recordOf('notes', String(last?.id))).toMatchObject({ key: 'c-3' });
  });

  it('are refused of a schedule as of a job', async () => {
    const repeat = { every: 60_000 };
    await expect(service.enqueue(NOTES, 'urgent', { text: 'a' }, { repeat })).rejects.toThrow(
      InvalidJobOptionsError,
    );
    const { id } = await service.enqueue(
      NOTES,
      'note',
      { text: 'a', chat: 'c-1' },
      { repeat, expiresIn: 500 },
    );
    expect(await recordOf('notes', id)).toMatchObject({ key: 'c-1', expiresInMs: 500 });
  });

  it('say when it is due, and a key that is used again still means the same job', async () => {
    const payload = { text: 'a', chat: 'c-1' };
    const deliverAt = new Date(Date.now() + 3_600_000);
    const first = await service.enqueue(NOTES, 'note', payload, { idempotencyKey: 'k', deliverAt });
    const again = await service.enqueue(NOTES, 'note', payload, {
      idempotencyKey: 'k',
      key: 'other',
      expiresIn: 9,
    });
    expect(again).toMatchObject({ id: first.id, deduplicated: true });
    const job = await app.get<Queue>(getQueueToken('notes')).getJob(first.id);
    expect(Number(job?.timestamp) + Number(job?.opts.delay)).toBe(deliverAt.getTime());
  });

  it('hold for a built-in queue whose flow a host sets: its own methods, and what a batch sends', async () => {
    const message = { messageId: 'm-1', senderId: 's', recipientId: 'r', content, createdAt };
    const sent = await service.addMessageDeliveryJob({
      ...message,
      conversationId: 'c-1',
      requiresEncryption: true,
    });
    expect(await recordOf('message-delivery', sent.id)).toMatchObject({ key: 'c-1' });
    const [outcome] = await app
      .get(DeliveryDispatch)
      .dispatchMany(
        [{ ...message, messageId: 'm-2', conversationId: 'c-2', batchId: 'b' } as never],
        new AbortController().signal,
      );
    expect(outcome).toEqual({ outcome: 'queued' });
    const jobs = await app.get<Queue>(getQueueToken('message-delivery')).getWaiting();
    const keys = jobs.map(({ opts }) => (opts as ManagedJobOptions).mq?.key);
    expect(keys.sort()).toEqual(['c-1', 'c-2']);
  });

  it('are those of all jobs that a large audience is split into', async () => {
    const recipientIds = Array.from({ length: 5_001 }, (_, n) => `user-${n}`);
    const payload = { senderId: 'acme', recipientIds, content, createdAt };
    const { segments } = await service.addBatchMessageJob(payload, { key: 'news' });
    expect(segments).toHaveLength(2);
    for (const { id } of segments) {
      expect(await recordOf(QueueName.BATCH_MESSAGE_SENDING, id)).toMatchObject({
        key: 'news',
        tenant: 'acme',
      });
    }
  });
});
