import { randomUUID } from 'node:crypto';
import { BadRequestException, ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { JobPriority, MessageQueueService, NotificationType } from '../../message-queue/index.js';
import { Privacy } from '../../message-queue/operations/index.js';
import { MessageStore, SearchIndex } from '../../message-queue/ports/index.js';
import type { JobReceipt } from '../../message-queue/index.js';
import type { Page, SearchHit, StoredMessage } from '../../message-queue/ports/index.js';
import { GUIDE } from '../agents/guide.js';
import { CHAT_PRIORITY } from '../queues/chat-priority.js';
import { CHAT_MESSAGES_QUEUE } from '../queues/conversations/chat-messages.queue.js';
import type { Principal } from '../sign-in/principal.js';
import { ConversationAccess, NOTICE_BOARD } from './conversation-access.js';
import type { SendMessageDto } from './send-message.dto.js';

/** A message whose jobs are safe in their queues. */
export interface AcceptedMessage {
  readonly messageId: string;
  readonly createdAt: Date;
  readonly jobs: readonly { readonly queue: string; readonly id: string }[];
}

/** What became of a recall. */
export interface RecalledMessage {
  readonly messageId: string;
  /** Recipients who had it. */
  readonly hadIt: number;
  /** Recipients whose devices have put it away by now. */
  readonly told: number;
}

/** Sends messages by queueing what has to happen, and reads what happened. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly messageQueue: MessageQueueService,
    private readonly messages: MessageStore,
    private readonly index: SearchIndex,
    private readonly access: ConversationAccess,
    private readonly privacy: Privacy,
  ) {}

  /**
   * Queues delivery, notification and indexing with one call; the guide is not notified, it is asked. The same call again with the same `messageId` adds nothing
   * twice, so a client that got no answer just repeats it.
   * @throws what `ConversationAccess.checkSender` and `MessageQueueService.enqueue` throw; ConflictException for the id of another message
   */
  async send(sender: Principal, message: SendMessageDto): Promise<AcceptedMessage> {
    const { messageId = randomUUID(), recipientId, conversationId, content } = message;
    const senderId = sender.id;
    await this.access.checkSender(sender, recipientId, conversationId);
    await this.checkIsOwn(messageId, senderId, conversationId);
    const isSealed = message.requiresEncryption === true;
    const isForGuide = recipientId === GUIDE.id;
    if (isSealed && isForGuide) {
      throw new BadRequestException('The guide cannot read a sealed message: leave requiresEncryption out.');
    }
    const createdAt = new Date();
    const adds: Promise<JobReceipt>[] = [
      this.messageQueue.addMessageDeliveryJob(
        {
          ...{ messageId, senderId, recipientId, conversationId, content, createdAt },
          requiresEncryption: isSealed,
        },
        { priority: JobPriority.HIGH, idempotencyKey: `deliver:${messageId}` },
      ),
      isForGuide
        ? this.messageQueue.enqueue(
            CHAT_MESSAGES_QUEUE,
            'process-chat-message',
            { userId: senderId, conversationId, message: content, messageId },
            { priority: CHAT_PRIORITY.chat, idempotencyKey: `chat:${messageId}` },
          )
        : this.messageQueue.addNotificationJob(
            {
              ...{ recipientId, type: NotificationType.IN_APP, messageId, conversationId, createdAt },
              ...{ title: 'New message', message: `${senderId} wrote to you` },
            },
            { idempotencyKey: `notify:${messageId}` },
          ),
    ];
    // The index holds plain text, which a sealed message must not become.
    if (!isSealed) {
      adds.push(
        this.messageQueue.addIndexingJob(
          {
            ...{ messageId, operation: 'index', content, senderId, conversationId, createdAt },
            recipientIds: [recipientId],
          },
          { idempotencyKey: `index:${messageId}` },
        ),
      );
    }
    const receipts = await Promise.all(adds);
    return { messageId, createdAt, jobs: receipts.map(({ queue, id }) => ({ queue, id })) };
  }

  /**
   * Recalls a message that its sender has sent. One that is not stored yet nobody can be shown to have sent: a moment later it is.
   * @throws NotFoundException when there is none, or it is somebody else's; what `Privacy.recallMessage` throws
   */
  async recall(sender: Principal, messageId: string): Promise<RecalledMessage> {
    const message = await this.messages.find(messageId);
    if (message === null || !(await this.access.mayRecall(sender, message))) {
      throw new NotFoundException('There is no such message of yours.');
    }
    const { hadIt, told } = await this.privacy.recallMessage(messageId, { by: sender.id, reason: 'sender' });
    return { messageId, hadIt, told };
  }

  /** A conversation, newest first. @throws InvalidCursorError, NotFoundException */
  async listConversation(
    reader: Principal,
    conversationId: string,
    limit: number,
    cursor?: string,
  ): Promise<Page<StoredMessage>> {
    await this.access.checkReader(reader, conversationId);
    return this.messages.listConversation(conversationId, { limit, cursor });
  }

  /**
   * Messages that match a text: of one conversation, or of all that the reader is in. Announcements are searched where they are kept.
   * @throws InvalidCursorError, NotFoundException
   */
  async search(
    reader: Principal,
    text: string,
    conversationId?: string,
    cursor?: string,
  ): Promise<Page<SearchHit>> {
    const readerId = conversationId === NOTICE_BOARD ? undefined : reader.id;
    if (conversationId !== undefined) await this.access.checkReader(reader, conversationId);
    return this.index.search(text, { readerId, conversationId, cursor });
  }

  /** The index would take what has the id of another message for its new version. @throws ConflictException */
  private async checkIsOwn(messageId: string, senderId: string, conversationId: string): Promise<void> {
    const stored = await this.messages.find(messageId);
    if (stored === null) return;
    if (stored.senderId === senderId && stored.conversationId === conversationId) return;
    throw new ConflictException('There is another message of this id: choose a new one.');
  }
}
