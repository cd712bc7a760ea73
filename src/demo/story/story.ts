import { JobPriority, MessageQueueService, NotificationType, QueueName } from '../../message-queue/index.js';
import { DeviceTokenStore, EncryptedContentStore, MessageStore } from '../../message-queue/ports/index.js';
import type { DeadLetter } from '../../message-queue/operations/index.js';
import type { SampleConversation, SampleMessage } from './conversation.js';
import { added } from './added.js';
import { AwayDevice } from './away-device.js';
import type { Stage } from '../stage/stage.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What the demo does, one act after the other. Ids carry the run, so that it can run again on the same Redis. */
export class Story {
  private readonly queue: MessageQueueService;
  private readonly startedAt = Date.now();
  /** The second device of somebody, which is away for the first act. */
  readonly away: AwayDevice;

  constructor(
    private readonly stage: Stage,
    private readonly sample: SampleConversation,
    private readonly run: string,
  ) {
    this.queue = stage.app.get(MessageQueueService);
    this.away = new AwayDevice(stage, sample, (id) => this.idOf(id));
  }

  /** Everybody connects; devices to push to, old messages to clean up, and mailboxes that take no mail, or not at once. */
  async prepare(signal: AbortSignal): Promise<void> {
    const devices = this.stage.app.get(DeviceTokenStore);
    for (const { id } of this.sample.users) {
      await devices.register({
        deviceId: `${id}-phone`,
        recipientId: id,
        platform: 'fcm',
        token: `token-of-${id}`,
      });
    }
    await this.storeOldMessages();
    const url = await this.stage.app.getUrl();
    const users = this.sample.users.map(({ id }) => id);
    await this.stage.clients.connect(url, users, true);
    await this.stage.clients.connect(url, this.neighbours, false);
    await this.away.leave(url, signal);
    for (const address of this.filteredAddresses) this.stage.mail.filter(address);
    this.stage.mail.greylist(this.user(this.sample.trouble.greylisted.user).email);
  }

  /** Act one: every message is delivered, notified and indexed; private ones are encrypted; an announcement goes to everyone. */
  async send(): Promise<void> {
    // One after the other, as people write: a conversation is delivered in the order of its adds.
    for (const [index, message] of this.sample.messages.entries()) await this.sendMessage(message, index);
    const { announcement } = this.sample;
    await this.queue.addBatchMessageJob(
      {
        batchId: this.idOf(announcement.batchId),
        senderId: announcement.from,
        recipientIds: this.neighbours,
        content: announcement.content,
        chunkSize: announcement.chunkSize,
        chunkDelay: announcement.chunkDelayMs,
        createdAt: new Date(),
      },
      { priority: JobPriority.LOW },
    );
  }

  /** Act two: the device that was away is back, authors edit, secrets are decrypted, old messages go. */
  async followUp(): Promise<void> {
    await this.away.comeBack();
    const createdAt = new Date();
    const { edits, old } = this.sample;
    await Promise.all([
      ...this.secrets.map(({ id }) =>
        this.queue.addEncryptionJob({ messageId: this.idOf(id), operation: 'decrypt', createdAt }),
      ),
      this.queue.addIndexingJob({
        ...this.documentOf(edits.update),
        operation: 'update',
        updatedAt: createdAt,
      }),
      this.queue.addIndexingJob({ messageId: this.idOf(edits.delete), operation: 'delete', createdAt }),
      this.queue.addCleanupJob({
        cleanupType: 'old_messages',
        retentionDays: old.retentionDays,
        batchSize: 3,
        createdAt,
      }),
    ]);
  }

  /** What ended as dead letters, in words. */
  async deadLetters(): Promise<string[]> {
    const letters = await this.letters();
    return letters.map(({ job, id, failures }) => `${job} ${id}\n  ${failures.at(-1)?.message ?? 'unknown'}`);
  }

  /** Act three: somebody sets the mail filter right and replays one of the dead letters. @returns how many were replayed */
  async repair(): Promise<number> {
    for (const address of this.filteredAddresses) this.stage.mail.accept(address);
    const isLeft = this.idOf(this.sample.trouble.left.message);
    const letters = (await this.letters()).filter(({ correlationId }) => correlationId !== isLeft);
    for (const { queue, id } of letters) {
      this.stage.statistics.replayed(queue, id);
      await this.queue.retryFailedJob(queue, id);
    }
    return letters.length;
  }

  /** The id of a sample message in this run. */
  idOf(sampleId: string): string {
    return `${sampleId}-${this.run}`;
  }

  /** The id of a sample conversation in this run. */
  conversationOf(sampleId: string): string {
    return `${sampleId}-${this.run}`;
  }

  /** Who gets the announcement; they do not read it today. */
  get neighbours(): string[] {
    const { recipients } = this.sample.announcement;
    return Array.from({ length: recipients }, (_, n) => `neighbour-${n + 1}`);
  }

  /** Whether every message has reached its device, and every device's confirmation the server. */
  get hasArrived(): boolean {
    const expected = this.sample.messages.length + this.sample.announcement.recipients;
    return this.stage.clients.receivedCount === expected && this.stage.clients.areConfirmed;
  }

  /** Messages whose content is sealed. */
  get secrets(): readonly SampleMessage[] {
    return this.sample.messages.filter(({ encrypted }) => encrypted);
  }

  /** How many secrets came back from the cipher as they went in. */
  async decryptedBackEqual(): Promise<number> {
    const store = this.stage.app.get(EncryptedContentStore);
    const found = await Promise.all(this.secrets.map(({ id }) => store.findDecrypted(this.idOf(id))));
    return found.filter((plain, index) => plain?.content === this.secrets[index]?.content).length;
  }

  /** Of this run: the Redis may have been used before. */
  private async letters(): Promise<DeadLetter[]> {
    const letters = await this.queue.getFailedJobs(QueueName.MESSAGE_NOTIFICATION, 100);
    return letters.filter(({ correlationId }) => correlationId.endsWith(this.run));
  }

  private async sendMessage(message: SampleMessage, index: number): Promise<void> {
    const createdAt = new Date(this.startedAt + index);
    const document = this.documentOf(message.id, createdAt);
    const options = {
      priority: message.priority ? JobPriority[message.priority] : JobPriority.NORMAL,
      correlationId: this.idOf(message.id),
    };
    const { messageId, conversationId, content } = document;
    const { statistics } = this.stage;
    const adds: Promise<unknown>[] = [
      added(statistics, () =>
        this.queue.addMessageDeliveryJob(
          { ...document, recipientId: message.to, requiresEncryption: message.encrypted ?? false },
          { ...options, idempotencyKey: `deliver:${messageId}` },
        ),
      ),
      added(statistics, () =>
        this.queue.addNotificationJob(this.notificationFor(message, createdAt), {
          ...options,
          idempotencyKey: `notify:${messageId}`,
        }),
      ),
      // A secret is sealed, anything else can be found again.
      message.encrypted
        ? this.queue.addEncryptionJob(
            { messageId, conversationId, operation: 'encrypt', content, createdAt },
            options,
          )
        : this.queue.addIndexingJob({ ...document, operation: 'index' }, options),
    ];
    await Promise.all(adds);
  }

  private documentOf(sampleId: string, createdAt = new Date(this.startedAt)) {
    const message = this.find(sampleId);
    return {
      messageId: this.idOf(sampleId),
      senderId: message.from,
      conversationId: this.conversationOf(message.conversation),
      content: message.content,
      createdAt,
    };
  }

  private notificationFor(message: SampleMessage, createdAt: Date) {
    const sender = this.user(message.from);
    const recipient = this.user(message.to);
    return {
      recipientId: message.to,
      type: NotificationType[message.notify],
      title: `${sender.name} → ${recipient.name}`,
      message: `You have a new message from ${sender.name}.`,
      messageId: this.idOf(message.id),
      createdAt,
      ...(message.notify === 'EMAIL' && { emailAddress: recipient.email }),
      ...(message.notify === 'SMS' && { phoneNumber: recipient.phone }),
    };
  }

  private async storeOldMessages(): Promise<void> {
    const store = this.stage.app.get(MessageStore);
    const { messages, retentionDays } = this.sample.old;
    const signal = AbortSignal.timeout(5_000);
    for (let n = 1; n <= messages; n += 1) {
      const messageId = this.idOf(`old-${n}`);
      const createdAt = new Date(this.startedAt - (retentionDays + n) * DAY_MS);
      const message = {
        ...{ messageId, senderId: 'amina', recipientId: 'juergen', createdAt },
        conversationId: this.conversationOf('last-winter'),
        content: 'La tournée de la semaine dernière est terminée, merci à tous.',
        ...{ encrypted: false, attachments: [], batchId: null },
      };
      await store.save(message, signal);
      await store.advanceStatus({ messageId, recipientId: 'juergen', status: 'read', at: createdAt }, signal);
    }
  }

  private get filteredAddresses(): string[] {
    const { dead, left } = this.sample.trouble;
    return [dead, left].map(({ message }) => this.addressFor(message));
  }

  private addressFor(sampleId: string): string {
    return this.user(this.find(sampleId).to).email;
  }

  private find(sampleId: string): SampleMessage {
    const message = this.sample.messages.find(({ id }) => id === sampleId);
    if (message === undefined) throw new Error(`examples/conversation.json has no message "${sampleId}".`);
    return message;
  }

  private user(id: string): SampleConversation['users'][number] {
    const user = this.sample.users.find((candidate) => candidate.id === id);
    if (user === undefined) throw new Error(`examples/conversation.json has no user "${id}".`);
    return user;
  }
}
