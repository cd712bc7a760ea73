import { Injectable } from '@nestjs/common';
import { JobPriority, MessageQueueService, NotificationType } from 'nestjs-message-queue';
import type { JobReceipt } from 'nestjs-message-queue';

export interface Message {
  messageId: string;
  senderId: string;
  recipientId: string;
  conversationId: string;
  content: string;
  createdAt: Date;
}

@Injectable()
export class MessageService {
  constructor(private readonly messageQueue: MessageQueueService) {}

  async send(message: Message): Promise<JobReceipt> {
    const { messageId, senderId, recipientId, conversationId, content, createdAt } = message;
    const [delivery] = await Promise.all([
      this.messageQueue.addMessageDeliveryJob(message, {
        priority: JobPriority.HIGH,
        idempotencyKey: `deliver:${messageId}`,
      }),
      this.messageQueue.addNotificationJob({
        recipientId,
        type: NotificationType.IN_APP,
        title: 'New message',
        message: 'You have a new message',
        messageId,
        createdAt,
      }),
      this.messageQueue.addIndexingJob({
        messageId,
        operation: 'index',
        content,
        senderId,
        conversationId,
        createdAt,
      }),
    ]);
    return delivery;
  }
}
