import { Injectable } from '@nestjs/common';
import { MessageQueueService } from '../../message-queue/index.js';
import { ConversationMembers, MessageStore } from '../../message-queue/ports/index.js';
import { GUIDE } from './guide.js';

/** Something that the guide says to somebody. */
export interface GuideMessage {
  /** The same again is the same message. */
  readonly messageId: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly content: string;
}

/**
 * What the guide says in its conversations: messages like everybody's, kept, delivered to every device, and found again. Where it is no
 * member, of a conversation that came by the API alone, nobody could read them, and nothing is sent.
 */
@Injectable()
export class GuideMessages {
  constructor(
    private readonly messageQueue: MessageQueueService,
    private readonly members: ConversationMembers,
    private readonly messages: MessageStore,
  ) {}

  /** Queues a message to somebody who talks with the guide. @throws what `MessageQueueService.enqueue` throws */
  async say({ messageId, userId, conversationId, content }: GuideMessage): Promise<void> {
    if (!(await this.isGuided(conversationId, userId))) return;
    const message = { messageId, senderId: GUIDE.id, conversationId, content, createdAt: new Date() };
    await Promise.all([
      this.messageQueue.addMessageDeliveryJob(
        { ...message, recipientId: userId },
        { idempotencyKey: `deliver:${messageId}` },
      ),
      this.messageQueue.addIndexingJob(
        { ...message, operation: 'index', recipientIds: [userId] },
        { idempotencyKey: `index:${messageId}` },
      ),
    ]);
  }

  /** Lets the author of a message know that the guide has read it, if it is stored by now. */
  async markRead(messageId: string): Promise<void> {
    const status = await this.messages.findStatus(messageId, GUIDE.id);
    if (status === null || status.readAt !== null) return;
    const confirmation = { messageId, recipientId: GUIDE.id, status: 'read' as const, createdAt: new Date() };
    await this.messageQueue.addDeliveryConfirmationJob(confirmation, { idempotencyKey: `read:${messageId}` });
  }

  private async isGuided(conversationId: string, userId: string): Promise<boolean> {
    const areMembers = await Promise.all(
      [GUIDE.id, userId].map((id) => this.members.isMember(conversationId, id)),
    );
    return areMembers.every(Boolean);
  }
}
