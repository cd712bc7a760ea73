import { Injectable } from '@nestjs/common';
import type { ConversationState } from '../../ports/messages/conversation-store.js';
import type { MessageForRecipient, RecipientStatus } from '../../ports/messages/message-store.js';

/** A message's row. */
export type MessageRow = Omit<MessageForRecipient, 'recipientId'>;

/** A recipient's row; `statusAt` is when its status was reached. */
export interface RecipientRow extends RecipientStatus {
  readonly statusAt: Date;
}

/** The tables that the recording stores share, so that cleaning up sees what delivery stored. */
@Injectable()
export class RecordedMessages {
  readonly messages = new Map<string, MessageRow>();
  /** By message id, then recipient id. */
  readonly recipients = new Map<string, Map<string, RecipientRow>>();
  readonly conversations = new Map<string, ConversationState>();
  /** Ids of messages that a clean-up hides and will remove. */
  readonly claimed = new Set<string>();

  /** Whether users may see a message. */
  isVisible(message: MessageRow): boolean {
    return (
      !this.claimed.has(message.messageId) &&
      (this.conversations.get(message.conversationId)?.deletedAt ?? null) === null
    );
  }

  /** Whether a conversation is under legal hold. */
  isHeld(conversationId: string | undefined): boolean {
    return conversationId !== undefined && this.conversations.get(conversationId)?.legalHold === true;
  }
}
