import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import {
  InvalidJobOptionsError,
  JobEvents,
  MessageQueueService,
  QueueName,
} from '../../src/message-queue/index.js';
import { MessageQueueTestingModule, MessageQueueTestKit } from '../../src/message-queue/testing/index.js';
import { AlertWatches } from '../../src/message-queue/monitoring/alerts/alert-watches.js';

describe('alerts by the clock of a test', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let service: MessageQueueService;
  const told: string[] = [];

  beforeEach(async () => {
    told.length = 0;
    const imports = [MessageQueueTestingModule.register({ operations: { alerts: { everyMs: 300_000 } } })];
    app = await Test.createTestingModule({ imports })
      .setLogger(false as never)
      .compile();
    await app.init();
    kit = app.get(MessageQueueTestKit);
    service = app.get(MessageQueueService);
    app.get(JobEvents).on('alert', ({ rule, queue, status, reminder }) => {
      told.push(`${rule} ${queue ?? ''} ${status} ${reminder}`);
    });
    await service.pauseQueue(QueueName.MESSAGE_DELIVERY);
    await service.addMessageDeliveryJob({
      ...{ messageId: 'm1', senderId: 'ada', recipientId: 'ben', content: 'Hello', conversationId: 'c1' },
      ...{ requiresEncryption: false, createdAt: new Date() },
    });
  });
  afterEach(() => app.close());

  const waits = `OldestJobWaits ${QueueName.MESSAGE_DELIVERY}`;

  it('fire, are told again and are over, within days that pass at once', async () => {
    await kit.advance('9h');
    expect(told.filter((one) => one.startsWith('OldestJobWaits'))).toEqual([
      `${waits} firing 0`,
      `${waits} firing 1`,
      `${waits} firing 2`,
    ]);
    expect(await service.listAlerts()).toMatchObject([
      { rule: 'OldestJobWaits', state: 'firing', sentTo: ['log', 'event'] },
    ]);
    await service.resumeQueue(QueueName.MESSAGE_DELIVERY);
    await kit.advance('20m');
    expect(told.at(-1)).toBe(`${waits} resolved 0`);
    expect(await service.listAlerts()).toMatchObject([{ state: 'ok' }]);
  });

  it('that are muted are shown and not told, until that is over', async () => {
    const id = `OldestJobWaits|${QueueName.MESSAGE_DELIVERY}`;
    const until = new Date(Date.parse('2026-01-01T02:00:00Z'));
    expect(await service.alerts.mute(id, { until, by: 'ann' })).toMatchObject({
      id,
      state: 'ok',
      mutedBy: 'ann',
    });
    await kit.advance('1h');
    expect(told).toEqual([]);
    expect(await service.listAlerts()).toMatchObject([
      { id, state: 'firing', mutedUntil: until, sentTo: [] },
    ]);
    await kit.advance('70m');
    expect(told).toEqual([`${waits} firing 0`]);
  });

  it('that are muted no more are told at once', async () => {
    const id = `OldestJobWaits|${QueueName.MESSAGE_DELIVERY}`;
    await service.alerts.mute(id, { until: '2026-01-02T00:00:00Z', by: 'ann' });
    await kit.advance('20m');
    expect(await service.alerts.unmute(id)).toMatchObject({
      state: 'firing',
      mutedUntil: null,
      mutedBy: null,
    });
    await kit.advance('6m');
    expect(told).toEqual([`${waits} firing 0`]);
  });

  it.each([
    ['a rule that there is not', 'Nonsense', {}, 'id'],
    ['a rule of queues without one', 'NoWorker', {}, 'must name a queue'],
    ['a rule of no queue with one', 'WorkerLost|chat', {}, 'must be "WorkerLost"'],
    ['what each process judges', 'BrokerUnreachable', {}, 'judged by each process'],
    ['a time that is over', 'WorkerLost', { until: 0 }, 'in the future'],
    ['more than 30 days', 'WorkerLost', { until: '2026-03-01T00:00:00Z' }, 'at most 30 days'],
    ['no time', 'WorkerLost', { until: 'soon' }, 'until'],
    ['nobody', 'WorkerLost', { by: '' }, 'by'],
  ])('are not muted for %s', async (_what, id, over, message) => {
    const call = { until: '2026-01-01T01:00:00Z', by: 'ann', ...over };
    const muted = service.alerts.mute(id, call);
    await expect(muted).rejects.toThrow(InvalidJobOptionsError);
    await expect(muted).rejects.toThrow(message);
  });
});

describe('a day without jobs', () => {
  it('is judged often at first, then every minute', async () => {
    const app = await Test.createTestingModule({
      imports: [MessageQueueTestingModule.register({ operations: {} })],
    })
      .setLogger(false as never)
      .compile();
    await app.init();
    const turns = jest.spyOn(app.get(AlertWatches), 'turn').mockResolvedValue();
    await app.get(MessageQueueTestKit).advance('24h');
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(60 + 23 * 60);
    expect(turns.mock.calls.length).toBeLessThan(60 + 25 * 60);
    await app.close();
  });
});
