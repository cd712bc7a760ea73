import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  JobPriority,
  MessageQueueService,
  MessageStore,
  NotificationType,
  SearchIndex,
} from '../message-queue/index.js';
import type { Page, SearchHit, StoredMessage } from '../message-queue/index.js';
import type { SendMessageDto } from './send-message.dto.js';

/** A message whose jobs are safe in their queues. */
export interface AcceptedMessage {
  readonly messageId: string;
  readonly jobs: readonly { readonly queue: string; readonly id: string }[];
}

/** Sends messages by queueing what has to happen, and reads what happened. */
@Injectable()
export class ChatService {
  constructor(
    private readonly messageQueue: MessageQueueService,
    private readonly messages: MessageStore,
    private readonly index: SearchIndex,
  ) {}

  /** Queues delivery, notification and indexing, the adds issued together. */
  async send(message: SendMessageDto): Promise<AcceptedMessage> {
    const messageId = randomUUID();
    const createdAt = new Date();
    const { senderId, recipientId, conversationId, content, requiresEncryption } = message;
    const jobs = await Promise.all([
      this.messageQueue.addMessageDeliveryJob(
        { messageId, senderId, recipientId, conversationId, content, requiresEncryption, createdAt },
        { priority: JobPriority.HIGH, idempotencyKey: `deliver:${messageId}` },
      ),
      this.messageQueue.addNotificationJob({
        recipientId,
        type: NotificationType.IN_APP,
        title: 'New message',
        message: `${senderId} wrote to you`,
        messageId,
        createdAt,
      }),
      ...(message.requiresEncryption
        ? []
        : [
            this.messageQueue.addIndexingJob({
              messageId,
              operation: 'index',
              content,
              senderId,
              conversationId,
              createdAt,
            }),
          ]),
    ]);
    return { messageId, jobs: jobs.map(({ queue, id }) => ({ queue, id })) };
  }

  /** A conversation, newest first. */
  listConversation(conversationId: string, limit: number, cursor?: string): Promise<Page<StoredMessage>> {
    return this.messages.listConversation(conversationId, { limit, cursor });
  }

  /** Messages that match a text. */
  search(text: string, conversationId?: string, cursor?: string): Promise<Page<SearchHit>> {
    return this.index.search(text, { conversationId, cursor });
  }
}
