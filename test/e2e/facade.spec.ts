import { Processor } from '@nestjs/bull';
import type { INestApplication } from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import {
  BrokerUnavailableError,
  CancelledError,
  defineQueue,
  IdempotencyConflictError,
  InvalidJobOptionsError,
  InvalidPayloadError,
  JobEvents,
  JobHandler,
  JobNotFoundError,
  JobPriority,
  MessageQueueModule,
  MessageQueueService,
  NotificationType,
  QueueName,
  UnknownJobNameError,
  UnknownQueueError,
  UnrecoverableJobError,
} from '../../src/message-queue/index.js';
import { MessageQueueWorker } from '../../src/message-queue/operations/index.js';
import { DELIVERY_QUEUE } from '../../src/message-queue/queues/index.js';
import type { JobContext, JobEventMap, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { HostApps } from '../support/host-app.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';

class StepJobDto {
  @IsString()
  id!: string;

  @IsInt()
  failures!: number;
}

class OtherJobDto {
  @IsString()
  text!: string;
}

const STEPS = defineQueue({
  name: 'steps',
  description: 'Jobs of a test.',
  jobs: { step: StepJobDto, other: OtherJobDto },
  concurrency: 10,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 30_000,
});

@Processor('steps')
class StepsProcessor {
  readonly runs: string[] = [];
  running = 0;
  mostRunning = 0;
  hold: Promise<void> | null = null;

  @JobHandler('step')
  async step({ id, failures }: StepJobDto, context: JobContext): Promise<string> {
    await this.run(id, context);
    if (context.attempt <= failures) throw new Error(`run ${context.attempt} of ${id} fails`);
    return id;
  }

  @JobHandler('other')
  async other({ text }: OtherJobDto, context: JobContext): Promise<void> {
    await this.run(text, context);
    if (text === 'hopeless') throw new UnrecoverableJobError('hopeless');
  }

  private async run(id: string, { signal, progress }: JobContext): Promise<void> {
    this.runs.push(id);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    await progress({ percentage: 50, step: 'half' });
    try {
      if (this.hold === null) return;
      await Promise.race([
        this.hold,
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
      ]);
    } finally {
      this.running -= 1;
    }
  }
}

describe.each(['memory', 'redis'] as const)('MessageQueueService on %s', (provider) => {
  const apps = new HostApps();
  let redis: TestRedis | undefined;
  let prefixes = 0;
  let app: INestApplication;
  let messageQueue: MessageQueueService;
  let processor: StepsProcessor;

  beforeAll(async () => {
    if (provider === 'redis') redis = await TestRedis.start(['--appendonly', 'yes', '--maxmemory', '1gb']);
  });

  beforeEach(() => start());

  afterEach(() => apps.close());

  afterAll(async () => {
    await redis?.stop();
  });

  async function start(more: MessageQueueModuleOptions = {}): Promise<void> {
    app = await apps.start({
      imports: [
        MessageQueueModule.forRoot({
          provider,
          prefix: `facade-${(prefixes += 1)}`,
          ...(redis && { redis: { host: '127.0.0.1', port: redis.port } }),
          ...more,
        }),
        MessageQueueModule.registerQueue(STEPS),
      ],
      providers: [StepsProcessor],
    });
    messageQueue = app.get(MessageQueueService);
    processor = app.get(StepsProcessor);
  }

  const state = async (queue: string, id: string): Promise<string> =>
    (await messageQueue.getJobStatus(queue, id)).state;
  const untilState = (queue: string, id: string, wanted: string): Promise<unknown> =>
    waitUntil(async () => (await state(queue, id)) === wanted, `${queue}/${id} to be ${wanted}`);

  it('does what the public surface says, exactly as written there', async () => {
    const [messageId, senderId, recipientId, conversationId] = ['m-1', 's-1', 'r-1', 'c-1'];
    const [content, title, message] = ['Bonjour à tous', 'Hello', 'You have a message'];
    const pushPayload = { badge: 1, data: { messageId } };
    const recipientIds = ['r-1', 'r-2', 'r-3'];
    const createdAt = new Date();

    const receipts = [
      await messageQueue.addMessageDeliveryJob(
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
      await messageQueue.addNotificationJob({
        recipientId,
        type: NotificationType.PUSH,
        title,
        message,
        pushPayload,
        createdAt,
      }),
      await messageQueue.addIndexingJob({
        messageId,
        operation: 'index',
        content,
        senderId,
        conversationId,
        createdAt,
      }),
      await messageQueue.addEncryptionJob({
        messageId,
        operation: 'encrypt',
        content,
        algorithm: 'AES-256-GCM',
        createdAt,
      }),
      await messageQueue.addBatchMessageJob({
        senderId,
        recipientIds,
        content,
        chunkSize: 50,
        chunkDelay: 200,
        createdAt,
      }),
      await messageQueue.addDeliveryConfirmationJob({ messageId, recipientId, status: 'read', createdAt }),
    ];
    const schedule = await messageQueue.addCleanupJob(
      { cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt },
      { repeat: { cron: '0 2 * * *' } },
    );
    for (const receipt of receipts) {
      expect(receipt).toMatchObject({
        id: expect.any(String),
        queue: expect.any(String),
        name: expect.any(String),
        deduplicated: false,
      });
      await untilState(receipt.queue, receipt.id, 'completed');
    }
    expect(await state(QueueName.MESSAGE_CLEANUP, schedule.id)).toBe('delayed');
    // The batch queued its own deliveries.
    await waitUntil(async () => {
      const { queues } = await messageQueue.getQueueMetrics();
      return queues[QueueName.MESSAGE_DELIVERY]?.completed === 5;
    }, 'the deliveries of the batch');

    const metrics = await messageQueue.getQueueMetrics();
    const health = await messageQueue.getQueueHealth(QueueName.MESSAGE_DELIVERY);
    const failed = await messageQueue.getFailedJobs(QueueName.MESSAGE_DELIVERY, 100);
    expect(Object.keys(metrics.queues)).toEqual([...Object.values(QueueName), 'steps']);
    expect(metrics.totals).toMatchObject({ completed: 9, delayed: 1, failed: 0, active: 0, waiting: 0 });
    expect(metrics.timestamp).toBeInstanceOf(Date);
    expect(health).toMatchObject({ queue: QueueName.MESSAGE_DELIVERY, healthy: true });
    expect(failed).toEqual([]);
    expect(await messageQueue.getQueueStats()).toMatchObject({ completedMessages: 9, provider });
    expect(await messageQueue.getQueueStats('steps')).toMatchObject({ totalMessages: 0, queues: ['steps'] });
  });

  it('runs exactly as many handlers at a time as the queue says, over all job names', async () => {
    let release = (): void => undefined;
    processor.hold = new Promise((resolve) => (release = resolve));
    const jobs = Array.from({ length: 30 }, (_, index) => `job-${index}`);
    await messageQueue.enqueueMany(
      STEPS,
      'step',
      jobs.slice(0, 15).map((id) => ({ payload: { id, failures: 0 } })),
    );
    await messageQueue.enqueueMany(
      STEPS,
      'other',
      jobs.slice(15).map((text) => ({ payload: { text } })),
    );
    await waitUntil(() => processor.running >= 10, 'ten handlers');
    await new Promise((resolve) => setImmediate(resolve));
    release();
    await waitUntil(() => processor.runs.length === 30, 'all jobs');
    expect(processor.mostRunning).toBe(10);
  });

  it('tells how a job is doing, from waiting to its last error', async () => {
    await app.get(MessageQueueWorker).stop();
    const options = { correlationId: 'trace-1', metadata: { tenant: 'acme' }, priority: JobPriority.LOW };
    const { id } = await messageQueue.enqueue(STEPS, 'step', { id: 'a', failures: 9 }, options);
    expect(await messageQueue.getJobStatus('steps', id)).toMatchObject({
      ...{ id, queue: 'steps', name: 'step', state: 'waiting', progress: null },
      ...{ attempts: { made: 0, max: 2 }, lastError: null, cancelled: null },
      ...{ correlationId: 'trace-1', metadata: { tenant: 'acme' } },
      timings: { dueAt: null, startedAt: null, finishedAt: null, waitMs: null, runMs: null },
    });
    const later = await messageQueue.enqueue(STEPS, 'step', { id: 'b', failures: 0 }, { delay: 60_000 });
    const delayed = await messageQueue.getJobStatus('steps', later.id);
    expect(delayed.state).toBe('delayed');
    expect(delayed.timings.dueAt).toBe(delayed.timings.enqueuedAt + 60_000);

    await app.get(MessageQueueWorker).start();
    await untilState('steps', id, 'failed');
    const status = await messageQueue.getJobStatus('steps', id);
    expect(status).toMatchObject({
      progress: { percentage: 50, step: 'half' },
      attempts: { made: 2, max: 2 },
      lastError: { kind: 'error', attempt: 2, message: 'run 2 of a fails' },
    });
    expect(status.timings.runMs).toBeGreaterThanOrEqual(0);
    expect(status.timings.finishedAt).toBeGreaterThanOrEqual(status.timings.startedAt ?? Infinity);
    expect((await messageQueue.getJob('steps', id))?.data).toEqual({ id: 'a', failures: 9 });
    expect(await messageQueue.getJob('steps', 'm_nothing')).toBeNull();
    await expect(messageQueue.getJobStatus('steps', 'm_nothing')).rejects.toThrow(JobNotFoundError);
  });

  it('tells that a job was not started in time', async () => {
    const heard: unknown[] = [];
    app.get(JobEvents).on('expired', (event) => void heard.push(event));
    await messageQueue.pauseQueue('steps');
    const { id } = await messageQueue.enqueue(STEPS, 'step', { id: 'late', failures: 0 }, { expiresIn: 20 });
    await untilState('steps', id, 'expired');
    const status = await messageQueue.getJobStatus('steps', id);
    expect(status).toMatchObject({ attempts: { made: 0 }, lastError: null, cancelled: null });
    expect(status.timings).toMatchObject({ startedAt: null, finishedAt: expect.any(Number), runMs: null });
    await waitUntil(() => heard.length > 0, 'the event');
    expect(heard).toEqual([expect.objectContaining({ queue: 'steps', job: 'step', jobId: id })]);
    expect(await messageQueue.getFailedJobs('steps')).toEqual([]);
    expect(processor.runs).toEqual([]);
  });

  it('reads, replays and removes dead letters', async () => {
    const ids: string[] = [];
    for (const text of ['hopeless', 'hopeless', 'hopeless']) {
      ids.push((await messageQueue.enqueue(STEPS, 'other', { text })).id);
    }
    for (const id of ids) await untilState('steps', id, 'failed');
    const letters = await messageQueue.getFailedJobs('steps', 2);
    expect(letters).toHaveLength(2);
    expect(letters[0]).toMatchObject({ queue: 'steps', job: 'other' });
    expect(processor.runs).toHaveLength(3);

    await app.get(MessageQueueWorker).stop();
    const [first = '', second = '', third = ''] = ids;
    await messageQueue.retryFailedJob('steps', first, 'ada');
    expect(await state('steps', first)).toBe('waiting');
    await expect(messageQueue.retryFailedJob('steps', first)).rejects.toMatchObject({ code: 'JOB_STATE' });
    await messageQueue.removeFailedJob('steps', second);
    expect(await messageQueue.getJob('steps', second)).toBeNull();
    const report = await messageQueue.retryFailedJobs('steps');
    expect(report).toMatchObject({ matched: 1, replayed: 1, failed: 0, complete: true });
    expect(await state('steps', third)).toBe('waiting');
    expect(await messageQueue.getFailedJobs('steps')).toEqual([]);
  });

  it('adds in bulk: each job for itself', async () => {
    await app.get(MessageQueueWorker).stop();
    const key = { idempotencyKey: 'one' };
    const results = await messageQueue.enqueueMany(STEPS, 'step', [
      { payload: { id: 'a', failures: 0 } },
      { payload: { id: 'b', failures: 'none' as unknown as number } },
      { payload: { id: 'c', failures: 0 }, options: key },
      { payload: { id: 'c', failures: 0 }, options: key },
      { payload: { id: 'd', failures: 0 }, options: key },
      { payload: { id: 'e', failures: 0 }, options: { priority: 99 as JobPriority } },
      undefined as never,
      { payload: { id: 'f', failures: 0 }, options: { delay: 60_000 } },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'added',
      'rejected',
      'added',
      'deduplicated',
      'rejected',
      'rejected',
      'rejected',
      'added',
    ]);
    const errors = results.map((result) => (result.outcome === 'rejected' ? result.error : null));
    expect(errors[1]).toBeInstanceOf(InvalidPayloadError);
    expect(errors[4]).toBeInstanceOf(IdempotencyConflictError);
    expect(errors[5]).toBeInstanceOf(InvalidJobOptionsError);
    expect(errors[6]).toBeInstanceOf(InvalidPayloadError);
    expect(results.every(({ queue, name }) => queue === 'steps' && name === 'step')).toBe(true);
    const { queues } = await messageQueue.getQueueMetrics();
    expect(queues['steps']).toMatchObject({ waiting: 2, delayed: 1 });
    await expect(messageQueue.enqueueMany(STEPS, 'step', {} as never)).rejects.toThrow(InvalidPayloadError);
    expect(await messageQueue.addMessageDeliveryJobs([])).toEqual([]);
  });

  it('gives the same receipt for the same idempotency key, even after the job is gone', async () => {
    const payload = { id: 'a', failures: 0 };
    const options = { idempotencyKey: 'order-1' };
    const first = await messageQueue.enqueue(STEPS, 'step', payload, options);
    await untilState('steps', first.id, 'completed');
    // A job that finished in this very millisecond stays for the next call.
    await waitUntil(async () => (await messageQueue.cleanQueue('steps')) === 1, 'the job to go');
    expect(await messageQueue.getJob('steps', first.id)).toBeNull();
    const second = await messageQueue.enqueue(STEPS, 'step', payload, options);
    expect(second).toEqual({ ...first, deduplicated: true });
    await expect(messageQueue.enqueue(STEPS, 'step', { ...payload, id: 'b' }, options)).rejects.toThrow(
      IdempotencyConflictError,
    );
  });

  it('compares payloads without createdAt', async () => {
    await app.get(MessageQueueWorker).stop();
    const confirmation = { messageId: 'm', recipientId: 'r', status: 'read' } as const;
    const options = { idempotencyKey: 'm-r-read' };
    const first = await messageQueue.addDeliveryConfirmationJob(
      { ...confirmation, createdAt: new Date(1) },
      options,
    );
    const again = await messageQueue.addDeliveryConfirmationJob(
      { ...confirmation, createdAt: new Date(2) },
      options,
    );
    expect(again).toEqual({ ...first, deduplicated: true });
  });

  it('cancels jobs that wait and jobs that run', async () => {
    processor.hold = new Promise(() => undefined);
    const running = await messageQueue.enqueue(STEPS, 'step', { id: 'running', failures: 0 });
    await waitUntil(() => processor.running === 1, 'the job');
    expect(await messageQueue.cancelJob('steps', running.id, 'changed my mind')).toBe('signalled');
    await untilState('steps', running.id, 'failed');
    const waiting = await messageQueue.enqueue(STEPS, 'step', { id: 'late', failures: 0 }, { delay: 60_000 });
    expect(await messageQueue.cancelJob('steps', waiting.id, 'not needed')).toBe('removed');
    for (const { id } of [running, waiting]) {
      const status = await messageQueue.getJobStatus('steps', id);
      expect(status).toMatchObject({ state: 'failed', cancelled: { reason: expect.any(String) } });
      expect((await messageQueue.getJob('steps', id))?.failedReason).toMatch(/cancelled/);
    }
    expect(await messageQueue.cancelJob('steps', 'm_nothing', 'x')).toBe('not-found');
    expect(await messageQueue.retryFailedJobs('steps')).toMatchObject({ replayed: 0, skipped: 2 });
    expect(CancelledError.name).toBe('CancelledError');
  });

  it('pauses, resumes, cleans and purges', async () => {
    await messageQueue.pauseQueue('steps');
    const { id } = await messageQueue.enqueue(STEPS, 'step', { id: 'a', failures: 0 });
    await messageQueue.enqueue(STEPS, 'step', { id: 'b', failures: 0 }, { delay: 60_000 });
    expect((await messageQueue.getQueueMetrics()).queues['steps']).toMatchObject({
      isPaused: true,
      delayed: 1,
    });
    expect(await state('steps', id)).toBe('paused');
    await messageQueue.resumeQueue('steps');
    await untilState('steps', id, 'completed');
    expect(processor.runs).toEqual(['a']);
    expect(await messageQueue.cleanQueue('steps', { olderThanMs: 60_000 })).toBe(0);
    await waitUntil(
      async () => (await messageQueue.cleanQueue('steps', { limit: 5 })) === 1,
      'the job to go',
    );
    expect(await messageQueue.purgeQueue('steps')).toBe(1);
    // What was completed stays counted, although none of it is kept.
    const { totalMessages, completedMessages, ...others } = await messageQueue.getQueueStats('steps');
    expect(others).toMatchObject({ pendingMessages: 0, processingMessages: 0, failedMessages: 0 });
    expect([totalMessages, completedMessages >= 1]).toEqual([completedMessages, true]);
    const wrong = messageQueue.cleanQueue('steps', { state: 'active' as never, olderThanMs: -1, limit: 0 });
    await expect(wrong).rejects.toMatchObject({
      code: 'INVALID_JOB_OPTIONS',
      issues: [{ path: 'state' }, { path: 'olderThanMs' }, { path: 'limit' }],
    });
  });

  it('tells hosts what happens', async () => {
    const events = app.get(JobEvents, { strict: false });
    const seen: JobEventMap['enqueued'][] = [];
    events.on('enqueued', (event) => void seen.push(event));
    const { id } = await messageQueue.enqueue(STEPS, 'step', { id: 'a', failures: 0 });
    await messageQueue.enqueueMany(STEPS, 'step', [{ payload: { id: 'b', failures: 0 } }]);
    expect(seen).toEqual([
      { queue: 'steps', job: 'step', jobId: id },
      { queue: 'steps', job: 'step', jobId: expect.any(String) },
    ]);
  });

  it('refuses before anything is stored, with one error that lists every field', async () => {
    await app.get(MessageQueueWorker).stop();
    const wrong = messageQueue.addMessageDeliveryJob({ messageId: '', content: 5, extra: true } as never);
    await expect(wrong).rejects.toThrow(InvalidPayloadError);
    const error = (await wrong.catch((reason: unknown) => reason)) as InvalidPayloadError;
    expect(error.issues.map(({ path }) => path).sort()).toEqual(
      ['content', 'conversationId', 'createdAt', 'extra', 'messageId', 'recipientId', 'senderId'].sort(),
    );
    const unknown = messageQueue.enqueue(STEPS, 'stpe' as 'step', { id: 'a', failures: 0 });
    await expect(unknown).rejects.toThrow(UnknownJobNameError);
    await expect(unknown).rejects.toThrow(/Did you mean "step"\?/);
    await expect(messageQueue.getJob('step', 'm_1')).rejects.toThrow(UnknownQueueError);
    await expect(messageQueue.pauseQueue('stpes')).rejects.toThrow(/Did you mean "steps"\?/);
    for (const call of [
      () => messageQueue.getQueueHealth('nope'),
      () => messageQueue.getFailedJobs('nope'),
      () => messageQueue.retryFailedJobs('nope'),
      () => messageQueue.retryFailedJob('nope', 'x'),
      () => messageQueue.removeFailedJob('nope', 'x'),
      () => messageQueue.cancelJob('nope', 'x', 'y'),
      () => messageQueue.cleanQueue('nope'),
      () => messageQueue.purgeQueue('nope'),
      () => messageQueue.getQueueStats('nope'),
      () => messageQueue.enqueue({ ...STEPS, name: 'nope' }, 'step', { id: 'a', failures: 0 }),
    ]) {
      await expect(call()).rejects.toThrow(UnknownQueueError);
    }
    for (const call of [
      () => messageQueue.getJob('steps', undefined as never),
      () => messageQueue.getJobStatus('steps', ''),
      () => messageQueue.cancelJob('steps', 5 as never, 'x'),
      () => messageQueue.cancelJob('steps', 'm_1', undefined as never),
      () => messageQueue.cancelJob('steps', 'm_1', 'x'.repeat(501)),
      () => messageQueue.retryFailedJob('steps', null as never),
      () => messageQueue.removeFailedJob('steps', {} as never),
      () => messageQueue.getFailedJobs('steps', 0),
      () => messageQueue.getBatchStatus(undefined as never),
    ]) {
      await expect(call()).rejects.toThrow(InvalidJobOptionsError);
    }
    expect((await messageQueue.getQueueMetrics()).totals).toMatchObject({ waiting: 0, delayed: 0 });
  });

  it('takes a Date or ISO text for dates', async () => {
    await app.get(MessageQueueWorker).stop();
    const payload = {
      messageId: 'm',
      recipientId: 'r',
      status: 'read',
      createdAt: '2026-11-21T10:00:00.000Z',
    } as const;
    const { id } = await messageQueue.enqueue(DELIVERY_QUEUE, 'delivery-confirmation', payload);
    expect((await messageQueue.getJob(QueueName.MESSAGE_DELIVERY, id))?.data).toMatchObject({
      createdAt: '2026-11-21T10:00:00.000Z',
    });
    expect(BrokerUnavailableError.name).toBe('BrokerUnavailableError');
  });
});
