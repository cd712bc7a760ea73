import { getQueueToken } from '@nestjs/bull';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import type { Queue } from 'bull';
import {
  InvalidPayloadError,
  JobPriority,
  MessageQueueModule,
  MessageQueueService,
  QueueName,
  schedule,
} from '../index.js';
import { MessageTransport } from '../ports/index.js';
import { CLEANUP_QUEUE, DELIVERY_QUEUE } from '../queues/index.js';
import { ManualClock, MessageQueueTestingModule, MessageQueueTestKit } from './index.js';
import { startTestKit } from '../../../test/support/message-queue-test-kit-fixture.js';
import type { MessageService } from '../../../test/support/message-queue-test-kit-fixture.js';

describe('MessageQueueTestKit', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let service: MessageService;

  beforeEach(async () => {
    ({ app, kit, service } = await startTestKit());
  });

  afterEach(() => app.close());

  it('finds what a service enqueued, by a part of it', async () => {
    await service.send('m1', { delay: 5_000 });
    const job = await kit.assertEnqueued({
      queue: QueueName.MESSAGE_DELIVERY,
      job: 'send-message',
      payload: { recipientId: 'grace', createdAt: new Date('2026-01-01T00:00:00Z') },
      delayMs: 5_000,
      priority: JobPriority.HIGH,
    });
    expect(job.data).toMatchObject({ messageId: 'm1' });
    await kit.refuteEnqueued({ queue: QueueName.MESSAGE_DELIVERY, payload: { recipientId: 'bob' } });
  });

  it('sees payloads in plain, and shows what is stored of them', async () => {
    const queue = app.get(MessageQueueService);
    const receipt = await queue.addMessageDeliveryJob({
      ...{
        messageId: 'm2',
        senderId: 'ada',
        recipientId: 'grace',
        conversationId: 'c1',
        content: 'a secret',
      },
      createdAt: new Date(),
    });
    await kit.assertEnqueued({ queue: DELIVERY_QUEUE, payload: { content: 'a secret' } });
    const stored = await kit.storedText(receipt);
    expect(JSON.parse(stored)).toMatchObject({ messageId: 'm2', conversationId: 'c1' });
    expect(stored).not.toContain('a secret');
    await expect(kit.storedText({ queue: receipt.queue, id: 'none' })).rejects.toMatchObject({
      code: 'JOB_NOT_FOUND',
    });
  });

  it('shows what was enqueued in the place of what was expected', async () => {
    await service.send('m1');
    const misfit = kit.assertEnqueued({
      queue: DELIVERY_QUEUE,
      payload: { recipientId: 'bob' },
      priority: 5,
    });
    await expect(misfit).rejects.toThrow(
      /matches what was expected[\s\S]*enqueued \(1\)[\s\S]*- payload\.recipientId: 'bob'\n\s*\+ payload\.recipientId: 'grace'[\s\S]*- priority: 5\n\s*\+ priority: 8/,
    );
    await expect(kit.refuteEnqueued({ queue: DELIVERY_QUEUE, payload: { messageId: 'm1' } })).rejects.toThrow(
      'should not have been',
    );
    await expect(kit.assertEnqueued({ queue: QueueName.MESSAGE_CLEANUP })).rejects.toThrow(
      'Nothing was enqueued there',
    );
  });

  it('runs nothing by itself, and everything that is due with drain()', async () => {
    await service.send('m1');
    await service.send('m2');
    expect(kit.callsOf(MessageTransport, 'deliver')).toHaveLength(0);
    const report = await kit.drain();
    expect(report).toMatchObject({ completed: 2, retrying: 0, deadLettered: 0 });
    expect(report.runs.map(({ queue, job, outcome }) => [queue, job, outcome])).toEqual([
      ['message-delivery', 'send-message', 'completed'],
      ['message-delivery', 'send-message', 'completed'],
    ]);
    expect(kit.callsOf(MessageTransport, 'deliver')).toHaveLength(2);
  });

  it('moves the clock through delays and backoff at once', async () => {
    const clock = app.get(ManualClock);
    const start = clock.now();
    await service.send('m1', { delay: 60_000 });
    kit.fail(MessageTransport, 'deliver', undefined, { times: 2 });
    expect((await kit.drain()).runs).toHaveLength(0);
    const report = await kit.advance('24h');
    expect(report.runs.map(({ attempt, outcome, delayMs }) => ({ attempt, outcome, delayMs }))).toEqual([
      { attempt: 1, outcome: 'retrying', delayMs: 2_000 },
      { attempt: 2, outcome: 'retrying', delayMs: 4_000 },
      { attempt: 3, outcome: 'completed', delayMs: undefined },
    ]);
    expect(clock.now() - start).toBe(24 * 60 * 60 * 1000);
  });

  it('runs a schedule as often as it is due', async () => {
    await app
      .get(MessageQueueService)
      .addCleanupJob(
        { cleanupType: 'old_messages', retentionDays: 90, batchSize: 1000, createdAt: new Date() },
        { repeat: { cron: '0 2 * * *', tz: 'UTC' } },
      );
    const report = await kit.advance('3d');
    expect(report.completed).toBe(3);
  });

  it('runs the schedules that are declared with queues, by its own clock', async () => {
    const own = await Test.createTestingModule({
      imports: [
        MessageQueueTestingModule.register({
          now: new Date('2020-03-01T00:00:00Z'),
        }),
        MessageQueueModule.registerQueue(CLEANUP_QUEUE, {
          schedules: [
            schedule(
              'cleanup-messages',
              { cleanupType: 'old_messages', retentionDays: 7, batchSize: 10 },
              { cron: '0 2 * * *', tz: 'UTC', endDate: '2020-03-03T12:00:00Z' },
            ),
          ],
        }),
      ],
    }).compile();
    await own.init();
    const ownKit = own.get(MessageQueueTestKit);
    try {
      expect((await ownKit.advance('2h')).runs).toMatchObject([
        { queue: QueueName.MESSAGE_CLEANUP, outcome: 'completed' },
      ]);
      expect((await ownKit.advance('7d')).completed).toBe(2);
    } finally {
      await own.close();
    }
  });

  it('looks after schedules and retention on the way', async () => {
    const own = await Test.createTestingModule({
      imports: [
        MessageQueueTestingModule.register(),
        MessageQueueModule.registerQueue(CLEANUP_QUEUE, {
          schedules: [
            schedule(
              'cleanup-messages',
              { cleanupType: 'old_messages', retentionDays: 7, batchSize: 10 },
              { cron: '0 2 * * *', tz: 'UTC' },
            ),
          ],
        }),
      ],
    }).compile();
    await own.init();
    const ownKit = own.get(MessageQueueTestKit);
    const queue = own.get<Queue>(getQueueToken(QueueName.MESSAGE_CLEANUP));
    const finished = () => queue.getCompletedCount();
    try {
      await queue.obliterate({ force: true });
      await ownKit.advance('1m');
      expect((await ownKit.advance('2h')).completed).toBe(1);
      expect(await finished()).toBe(1);
      await own.get(MessageQueueService).pauseQueue(QueueName.MESSAGE_CLEANUP);
      await ownKit.advance('25h');
      expect(await finished()).toBe(0);
    } finally {
      await own.close();
    }
  });

  it('performs one job through validation and handler, and returns its result', async () => {
    const payload = {
      messageId: 'm1',
      senderId: 'ada',
      recipientId: 'grace',
      conversationId: 'c1',
      content: 'Hello!',
      createdAt: new Date(),
    };
    await expect(kit.performJob(DELIVERY_QUEUE, 'send-message', payload)).resolves.toMatchObject({});
    await kit.refuteEnqueued({ queue: DELIVERY_QUEUE });
    await expect(
      kit.performJob(DELIVERY_QUEUE, 'send-message', { ...payload, messageId: '' }),
    ).rejects.toThrow(InvalidPayloadError);
    kit.fail(MessageTransport, 'deliver', new Error('no line'));
    const another = { ...payload, messageId: 'm2' };
    await expect(kit.performJob(DELIVERY_QUEUE, 'send-message', another)).rejects.toThrow('no line');
  });
});
