import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bull';
import type { InMemoryTemplateRenderer } from '../../src/message-queue/adapters/in-memory/index.js';
import { getQueueToken, MessageQueueService, QueueName } from '../../src/message-queue/index.js';
import type { EnqueueOptions, MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import {
  AttachmentFiles,
  AttachmentStore,
  DeviceFeed,
  DeviceTokenStore,
  TemplateRenderer,
} from '../../src/message-queue/ports/index.js';
import { waitUntil } from '../support/wait-until.js';

/** In every text, and in every id of a message, of the conversation. Each begins with a letter of its own, so that no full-text index stores one as the end of another word. */
export const TEXT = 'quokkadiagnosis7f3a';
export const ID = 'zebraletter5d1c';
/** The conversation, as JSON has it: another may be its beginning. */
export const CONVERSATION = 'wombats';
/** In the texts of a conversation that lives, of the same people. */
export const KEPT = 'bilbyharbour8c2b';

const { signal } = new AbortController();
/** How the digests begin that have too few items. */
const HELD = 'held';
interface Digested {
  readonly digestKey: string;
}
const DAY_MS = 86_400_000;
const LATER: EnqueueOptions = { delay: 300 * DAY_MS };
const ADA = 'ada';
const BEN = 'ben';

/** A digest goes out with its third notification; one that has fewer is held for longer than any test. */
export const HELD_DIGESTS: MessageQueueModuleOptions['queues'] = {
  [QueueName.MESSAGE_NOTIFICATION]: {
    flow: { jobs: { 'send-digest': { batch: { size: 3, waitMs: 600_000 } } } },
  },
};

/** Sends a text through every path of a conversation. */
export class MarkedConversation {
  private readonly service: MessageQueueService;
  private messages = 0;

  constructor(
    private readonly app: INestApplication,
    private readonly conversationId: string,
    private readonly text: string,
    private readonly id: string,
  ) {
    this.service = app.get(MessageQueueService);
  }

  /** Every path, to the end that it has: done, dead, waiting, delayed, planned or held. */
  async fill(): Promise<void> {
    this.app
      .get<TemplateRenderer, InMemoryTemplateRenderer>(TemplateRenderer)
      .setTemplate('greeting', { title: 'Hello', text: 'Hello {{ text }}', html: '<b>{{ text }}</b>' });
    await this.addMessages();
    await this.settle();
    await this.confirm();
    await this.addNotifications();
    await this.addTexts();
    await this.addBatches();
    await this.settle();
    await this.addEncryption('decrypt');
    await this.settle();
    await this.addDevices();
  }

  /** Waits until whatever can run has run. */
  private async settle(): Promise<void> {
    const queues = Object.values(QueueName).map((name) => this.app.get<Queue>(getQueueToken(name)));
    const isIdle = async (): Promise<boolean> => {
      const left = await Promise.all(queues.map((queue) => queue.getJobs(['waiting', 'active'])));
      return left.flat().every((job) => String((job.data as Partial<Digested>).digestKey).startsWith(HELD));
    };
    // Batches add to another queue.
    await waitUntil(async () => (await isIdle()) && (await isIdle()), 'the jobs to end');
  }

  private next(): string {
    return `${this.id}-${(this.messages += 1)}`;
  }

  private message(recipientId: string = BEN, messageId = this.next()) {
    const place = { conversationId: this.conversationId, createdAt: new Date() };
    return { ...{ messageId, senderId: ADA, recipientId, content: this.text }, ...place };
  }

  private async addMessages(): Promise<void> {
    const { service } = this;
    const file = { id: this.next(), fileName: `${this.text}.txt`, contentType: 'text/plain', sizeBytes: 5 };
    const url = `https://files.test/${this.text}`;
    const first = this.message(BEN, `${this.id}-first`);
    await service.addMessageDeliveryJob(
      { ...first, attachments: [{ ...file, url }] },
      { idempotencyKey: `${this.id}-once` },
    );
    const fileKey = `${first.messageId}.txt`;
    const row = { id: file.id, messageId: first.messageId, fileKey, expiresAt: null, legalHold: false };
    await this.app.get(AttachmentStore).save(row, signal);
    await this.app.get(AttachmentFiles).write(fileKey, Buffer.from(this.text), signal);
    await service.addMessageDeliveryJobs([
      { payload: { ...this.message(), requiresEncryption: true } },
      { payload: this.message('lost') },
      { payload: this.message('gone') },
    ]);
  }

  private async confirm(): Promise<void> {
    const about = { messageId: `${this.id}-first`, recipientId: BEN, createdAt: new Date() };
    await this.service.addDeliveryConfirmationJob({
      ...about,
      status: 'failed',
      failureReason: `"${this.text}" is refused`,
    });
  }

  private async addNotifications(): Promise<void> {
    await this.app
      .get(DeviceTokenStore)
      .register({ deviceId: 'phone', recipientId: BEN, platform: 'fcm', token: 'token' }, signal);
    const told = { recipientId: BEN, title: this.text, message: this.text, createdAt: new Date() };
    const ofMessage = { messageId: `${this.id}-first`, conversationId: this.conversationId };
    const address = { emailAddress: 'ben@example.org', phoneNumber: '+4915112345678' };
    for (const type of ['push', 'email', 'sms', 'in_app'] as const) {
      for (const place of [
        ofMessage,
        { messageId: ofMessage.messageId },
        { conversationId: this.conversationId },
      ]) {
        await this.service.addNotificationJob({ ...told, ...address, type, ...place });
      }
      const filled = { template: 'greeting', variables: { text: this.text } };
      const { title: _, message: __, ...rest } = told;
      await this.service.addNotificationJob({ ...rest, ...address, type, ...ofMessage, ...filled });
    }
    // One goes out, the other is held.
    for (const [digestKey, items] of [
      ['sent', 3],
      [HELD, 2],
    ] as const) {
      for (let at = 0; at < items; at += 1)
        await this.service.addNotificationJob({
          ...told,
          ...ofMessage,
          type: 'in_app',
          digestKey: `${digestKey}-${this.id}`,
        });
    }
  }

  /** In the index and sealed: of a stored message, and of one that only the conversation leads to. */
  private async addTexts(): Promise<void> {
    for (const messageId of [`${this.id}-first`, this.next()]) {
      const { recipientId, ...indexed } = this.message(BEN, messageId);
      const recipientIds = [recipientId];
      await this.service.addIndexingJob({ ...indexed, operation: 'index', recipientIds });
      await this.service.addIndexingJob({ ...indexed, operation: 'update', updatedAt: new Date() });
    }
    await this.addEncryption('encrypt');
  }

  private async addEncryption(operation: 'encrypt' | 'decrypt'): Promise<void> {
    const content = operation === 'encrypt' ? { content: this.text } : {};
    const createdAt = new Date();
    const alone = { messageId: `${this.id}-alone`, conversationId: this.conversationId };
    for (const about of [{ messageId: `${this.id}-first` }, alone])
      await this.service.addEncryptionJob({ ...about, operation, createdAt, ...content });
  }

  private async addBatches(): Promise<void> {
    const place = { conversationId: this.conversationId, createdAt: new Date() };
    const batch = { senderId: ADA, recipientIds: [BEN, 'cleo', 'lost'], ...place };
    await this.service.addBatchMessageJob({ ...batch, batchId: `${this.id}-shared`, content: this.text });
    const filled = { template: 'greeting', variables: { text: this.text } };
    await this.service.addBatchMessageJob({ ...batch, batchId: `${this.id}-template`, ...filled });
    const own = { template: 'greeting', recipientVariables: { [BEN]: { text: this.text } } };
    await this.service.addBatchMessageJob({
      ...batch,
      recipientIds: [BEN],
      batchId: `${this.id}-own`,
      ...own,
    });
    // Nobody knows the template: a dead letter.
    await this.service.addBatchMessageJob({
      ...batch,
      batchId: `${this.id}-dead`,
      ...filled,
      template: 'unknown',
    });
  }

  private async addDevices(): Promise<void> {
    const feed = this.app.get(DeviceFeed);
    const at = new Date();
    const about = { messageId: `${this.id}-first`, conversationId: this.conversationId, at };
    const device = { personId: BEN, deviceId: 'phone' };
    await feed.greet(device, null, at, signal);
    const place = await feed.note({ personId: BEN, kind: 'message', ...about }, signal);
    await feed.note({ personId: ADA, kind: 'own', ...about }, signal);
    await feed.acknowledge([{ ...device, position: place?.position ?? 0 }], at, signal);
    await feed.noteRead(device, about.messageId, at, signal);
  }

  /** In each queue: what is delayed, what waits for a queue that rests, and a schedule. */
  async addUnfinished(): Promise<void> {
    await this.pauseAll();
    for (const options of [LATER, {}, { repeat: { every: 300 * DAY_MS } }]) {
      const { recipientId, ...indexed } = this.message();
      const { conversationId, createdAt } = indexed;
      const place = { conversationId, createdAt };
      await this.service.addMessageDeliveryJob(this.message(recipientId), options);
      const confirmed = { messageId: `${this.id}-first`, recipientId, createdAt };
      await this.service.addDeliveryConfirmationJob(
        { ...confirmed, status: 'failed', failureReason: this.text },
        options,
      );
      await this.service.addIndexingJob({ ...indexed, operation: 'index' }, options);
      const told = { recipientId, title: this.text, message: this.text, type: 'in_app' } as const;
      await this.service.addNotificationJob({ ...told, ...place }, options);
      await this.service.addEncryptionJob(
        { ...place, messageId: this.next(), operation: 'encrypt', content: this.text },
        options,
      );
      const batch = { senderId: ADA, recipientIds: [BEN], content: this.text, batchId: this.next() };
      await this.service.addBatchMessageJob({ ...batch, ...place }, options);
    }
  }

  /** All but the clean-up, which is to run. */
  private async pauseAll(): Promise<void> {
    for (const name of Object.values(QueueName))
      if (name !== QueueName.MESSAGE_CLEANUP) await this.app.get<Queue>(getQueueToken(name)).pause();
  }
}
