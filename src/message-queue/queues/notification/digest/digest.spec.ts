import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { InMemorySmsChannel } from '../../../adapters/in-memory/index.js';
import type {
  InMemoryMessageStore,
  InMemoryNotificationPreferences,
  InMemoryTemplateRenderer,
} from '../../../adapters/in-memory/index.js';
import { UnrecoverableJobError } from '../../../jobs/errors.js';
import { MessageQueueService } from '../../../message-queue.service.js';
import { MessageStore } from '../../../ports/messages/message-store.js';
import { DeviceTokenStore } from '../../../ports/notifications/device-token-store.js';
import { PushChannel, SmsChannel } from '../../../ports/notifications/notification-channel.js';
import type {
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../../ports/notifications/notification-channel.js';
import { NotificationInbox } from '../../../ports/notifications/notification-inbox.js';
import { NotificationLedger } from '../../../ports/notifications/notification-ledger.js';
import { NotificationPreferences } from '../../../ports/notifications/notification-preferences.js';
import { TemplateRenderer } from '../../../ports/notifications/template-renderer.js';
import { ManualClock } from '../../../../kernel/time/manual-clock.js';
import { MessageQueueTestingModule } from '../../../testing/message-queue-testing.module.js';
import { MessageQueueTestKit } from '../../../testing/message-queue-test-kit.js';
import { NOTIFICATION_QUEUE } from '../notification.queue.js';

/** Takes 60 characters. */
class ShortSmsChannel extends InMemorySmsChannel {
  override fit(draft: NotificationDraft): FittedDraft {
    const isShort = draft.body.length <= 60;
    return { draft, issues: isShort ? [] : [{ path: 'message', message: 'is too long' }] };
  }
}

describe('a digest', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let clock: ManualClock;
  let queue: MessageQueueService;
  let failing: string | null;
  let pushed: OutgoingNotification[];

  class Push extends PushChannel {
    override async send(notification: OutgoingNotification) {
      if (notification.destination === failing) throw new Error('not now');
      pushed.push(notification);
      return { outcome: 'sent' } as const;
    }
  }

  beforeEach(async () => {
    [failing, pushed] = [null, []];
    app = await Test.createTestingModule({
      imports: [
        MessageQueueTestingModule.register({
          adapters: [
            { provide: PushChannel, useClass: Push },
            { provide: SmsChannel, useClass: ShortSmsChannel },
          ],
        }),
      ],
    }).compile();
    await app.init();
    kit = app.get(MessageQueueTestKit);
    clock = app.get(ManualClock);
    queue = app.get(MessageQueueService);
    await app
      .get(DeviceTokenStore)
      .register({ deviceId: 'phone', recipientId: 'ben', platform: 'fcm', token: 't-1' });
  });
  afterEach(() => app.close());

  const notify = (
    message: string,
    more: Partial<Parameters<MessageQueueService['addNotificationJob']>[0]> = {},
  ) =>
    queue.addNotificationJob({
      ...{ recipientId: 'ben', type: 'push', title: 'Ada', message, digestKey: 'chat' },
      ...{ createdAt: new Date(clock.now()), ...more },
    });
  const bodies = (): string[] => pushed.map(({ body }) => body);
  const store = (): InMemoryMessageStore => app.get<MessageStore, InMemoryMessageStore>(MessageStore);
  const saveMessage = async (messageId: string): Promise<void> => {
    const signal = AbortSignal.timeout(5_000);
    const createdAt = new Date(clock.now());
    await store().save(
      {
        ...{ messageId, senderId: 'ada', recipientId: 'ben', conversationId: 'c', content: 'x', createdAt },
        ...{ encrypted: false, attachments: [], batchId: null },
      },
      signal,
    );
  };

  it('lists what came within its window in one message per recipient, channel and key', async () => {
    await notify('one');
    await kit.advance('1m');
    await notify('two\nlines');
    await notify('of another kind', { digestKey: 'news' });
    await kit.advance('3m');
    expect(pushed).toEqual([]);
    await kit.advance('2m');
    expect(pushed.map(({ title, body }) => ({ title, body }))).toEqual(
      expect.arrayContaining([
        { title: '2 notifications', body: 'Ada: one\nAda: two lines' },
        { title: 'Ada', body: 'of another kind' },
      ]),
    );
    expect(pushed).toHaveLength(2);
    await notify('three');
    await kit.advance('5m');
    expect(bodies().at(-1)).toBe('three');
  });

  it('leaves out what was read by then, and sends nothing when nothing is left', async () => {
    for (const id of ['m-1', 'm-2', 'm-3']) await saveMessage(id);
    const receipts = [];
    for (const id of ['m-1', 'm-2', 'm-3']) receipts.push(await notify(`of ${id}`, { messageId: id }));
    await kit.drain();
    const at = new Date(clock.now());
    const signal = AbortSignal.timeout(5_000);
    await store().advanceStatus({ messageId: 'm-1', recipientId: 'ben', status: 'read', at }, signal);
    await kit.advance('5m');
    expect(bodies()).toEqual(['Ada: of m-2\nAda: of m-3']);
    const ledger = app.get(NotificationLedger);
    const outcomes = await Promise.all(receipts.map(async ({ id }) => (await ledger.list(id))[0]?.outcome));
    expect(outcomes).toEqual(['read', 'sent', 'sent']);
    await notify('again', { messageId: 'm-1' });
    await kit.advance('5m');
    expect(pushed).toHaveLength(1);
  });

  it('has a template of its own, which gets its items', async () => {
    app.get<TemplateRenderer, InMemoryTemplateRenderer>(TemplateRenderer).setTemplate('digest', {
      title: '{{ count }} from {{ team }}',
      text: '{{#items}}- {{ title }}: {{ text }}\n{{/items}}{{ more }} more',
    });
    const own = { digestTemplate: 'digest', variables: { team: 'A' } };
    await notify('{{ count }}', own);
    await notify('two', own);
    await kit.advance('5m');
    expect(pushed.map(({ title, body }) => [title, body])).toEqual([
      ['2 from A', '- Ada: {{ count }}\n- Ada: two\n0 more'],
    ]);
  });

  it('lists as many as its channel can carry, and counts the others', async () => {
    const sms = { type: 'sms', phoneNumber: '+15005550006' } as const;
    for (let n = 0; n < 9; n += 1) await notify(`message number ${n}`, sms);
    await kit.advance('5m');
    const { sent } = app.get<SmsChannel, ShortSmsChannel>(SmsChannel).outbox;
    expect(sent.map(({ title, body }) => [title, body])).toEqual([
      ['9 notifications', 'Ada: message number 0\nAda: message number 1\nand 7 more'],
    ]);
  });

  it('reaches each device once, though one of them fails and others join the next run', async () => {
    await app
      .get(DeviceTokenStore)
      .register({ deviceId: 'tablet', recipientId: 'ben', platform: 'fcm', token: 't-2' });
    failing = 't-2';
    await notify('one');
    await kit.advance('5m');
    expect(pushed.map(({ destination, body }) => [destination, body])).toEqual([['t-1', 'one']]);
    failing = null;
    await notify('two');
    await kit.advance('10m');
    const got = (token: string): string =>
      pushed
        .filter(({ destination }) => destination === token)
        .map(({ body }) => body.replaceAll('Ada: ', ''))
        .join('\n');
    expect([got('t-1'), got('t-2')]).toEqual(['one\ntwo', 'one\ntwo']);
  });

  it('waits for the end of quiet hours, and is dropped by whom it annoys', async () => {
    const wishes = app.get<NotificationPreferences, InMemoryNotificationPreferences>(NotificationPreferences);
    const minutes = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
    const quietHours = {
      start: minutes(clock.now()),
      end: minutes(clock.now() + 3_600_000),
      timeZone: 'UTC',
    };
    await wishes.save({ recipientId: 'ben', optedOut: [], quietHours });
    await notify('one');
    await notify('two');
    await kit.advance('30m');
    expect(pushed).toEqual([]);
    await kit.advance('1h');
    expect(bodies()).toEqual(['Ada: one\nAda: two']);
    await wishes.save({ recipientId: 'ben', optedOut: ['push'], quietHours: null });
    await notify('three');
    await kit.advance('1h');
    expect(pushed).toHaveLength(1);
  });

  it('rings once in the app, where each notification has a line of its own', async () => {
    await notify('one', { type: 'in_app', messageId: 'm-1' });
    await notify('two', { type: 'in_app' });
    await kit.advance('5m');
    const { items } = await app.get(NotificationInbox).list('ben');
    expect(items.map(({ body, messageId }) => [body, messageId]).sort()).toEqual([
      ['one', 'm-1'],
      ['two', null],
    ]);
  });

  it('fails alone what cannot be written', async () => {
    const templates = app.get<TemplateRenderer, InMemoryTemplateRenderer>(TemplateRenderer);
    templates.setTemplate('broken', { text: 'never' });
    // It is rendered when it is added, too.
    kit.fail(TemplateRenderer, 'render', new UnrecoverableJobError('cannot be filled'), { after: 1 });
    await notify('one', { template: 'broken' });
    await notify('two');
    await kit.advance('5m');
    expect(bodies()).toEqual(['two']);
    expect(await queue.getFailedJobs(NOTIFICATION_QUEUE.name)).toHaveLength(1);
  });

  it('is refused a template without a key', async () => {
    await expect(notify('one', { digestKey: undefined, digestTemplate: 'digest' })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      issues: [{ path: 'digestTemplate' }],
    });
  });
});
