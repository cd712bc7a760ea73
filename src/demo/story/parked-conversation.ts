import { MessageQueueService, QueueName } from '../../message-queue/index.js';
import { DELIVERY_QUEUE } from '../../message-queue/queues/index.js';
import { MessageStore } from '../../message-queue/ports/index.js';
import { added } from './added.js';
import type { ChatLine, ExpectedOutcome, SampleConversation } from './conversation.js';
import type { Stage } from '../stage/stage.js';
import type { Story } from './story.js';

/** What an operator sees while it stands still. */
export interface ParkedLook {
  readonly counts: Omit<ExpectedOutcome['parked'], 'deliveredInOrder'>;
  readonly text: string;
}

/**
 * Act four: a device rejects one message of a conversation, which stands still for it; another conversation goes on. Health says which key it is, and
 * once the line is mended its job is replayed, and the others follow in order.
 */
export class ParkedConversation {
  private readonly queue: MessageQueueService;
  private readonly receivedBefore: number;
  /** Ids of the conversation's jobs, in the order in which they were added. */
  private readonly jobs: string[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly story: Story,
    private readonly sample: SampleConversation['parked'],
  ) {
    this.queue = stage.app.get(MessageQueueService);
    this.receivedBefore = stage.clients.receivedCount;
  }

  /** Both conversations. */
  async send(): Promise<void> {
    const { conversation, messages, meanwhile } = this.sample;
    for (const line of messages) this.jobs.push(await this.add(conversation, line));
    for (const line of meanwhile.messages) await this.add(meanwhile.conversation, line);
  }

  /** Jobs that wait behind the message that nobody can deliver. */
  get behind(): number {
    const { messages, poison } = this.sample;
    return messages.length - 1 - messages.findIndex(({ id }) => id === poison.message);
  }

  /** Whether all that can be delivered has arrived. */
  get isParked(): boolean {
    const { messages, meanwhile } = this.sample;
    return this.haveArrived(messages.length + meanwhile.messages.length - this.behind - 1);
  }

  get isDelivered(): boolean {
    return this.haveArrived(this.sample.messages.length + this.sample.meanwhile.messages.length);
  }

  /** What an operator sees now. */
  async look(): Promise<ParkedLook> {
    const { groups } = await this.queue.groups.list(DELIVERY_QUEUE, { state: 'parked' });
    const parked = groups.filter(({ id }) => id === this.key);
    const { reasons } = await this.queue.getQueueHealth(QueueName.MESSAGE_DELIVERY);
    const told = reasons.filter(
      ({ code, message }) =>
        code === 'KEY_PARKED' &&
        parked.some(({ id, parkedBy }) => message.includes(id) && message.includes(parkedBy?.jobId ?? '?')),
    );
    const held = parked.reduce((sum, group) => sum + group.held, 0);
    const deliveredMeanwhile = await this.countDelivered(this.sample.meanwhile.messages);
    const text = [
      `  parked: ${parked.map(({ id, parkedBy }) => `"${id}" by job ${parkedBy?.jobId}`).join(', ')}`,
      `    in health as ${told.map(({ code }) => code).join(', ')}; ${held} wait behind it, ${deliveredMeanwhile} of others have arrived`,
    ];
    return {
      counts: { keys: parked.length, toldByHealth: told.length, held, deliveredMeanwhile },
      text: text.join('\n'),
    };
  }

  /** The line is mended, and somebody releases the conversation. */
  async release(): Promise<void> {
    await this.stage.mendLine();
    this.stage.statistics.replayed(QueueName.MESSAGE_DELIVERY, this.jobs.at(-this.behind - 1) ?? '');
    await this.queue.groups.release(DELIVERY_QUEUE, { key: this.key }, 'replay', { by: 'demo' });
  }

  /** How many of its messages were delivered in their places. */
  get deliveredInOrder(): number {
    return this.stage.statistics.inOrder(QueueName.MESSAGE_DELIVERY, this.jobs);
  }

  private get key(): string {
    return this.story.conversationOf(this.sample.conversation);
  }

  private add(conversation: string, { id, from, to, content }: ChatLine): Promise<string> {
    return added(this.stage.statistics, () =>
      this.queue.addMessageDeliveryJob({
        ...{ messageId: this.story.idOf(id), senderId: from, recipientId: to, content },
        ...{ conversationId: this.story.conversationOf(conversation), createdAt: new Date() },
      }),
    );
  }

  private haveArrived(messages: number): boolean {
    const { clients } = this.stage;
    return clients.receivedCount === this.receivedBefore + messages && clients.areConfirmed;
  }

  private async countDelivered(lines: readonly ChatLine[]): Promise<number> {
    const store = this.stage.app.get(MessageStore);
    const statuses = await Promise.all(lines.map(({ id, to }) => store.findStatus(this.story.idOf(id), to)));
    return statuses.filter((status) => status !== null && status.deliveredAt !== null).length;
  }
}
