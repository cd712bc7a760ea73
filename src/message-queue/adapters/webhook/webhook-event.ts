import { createHash } from 'node:crypto';
import type { RecallAnnouncement, TransportMessage } from '../../ports/messages/message-transport.js';
import type { WebhookEvent } from '../shared/webhook/webhook-headers.js';

/** `message.created`. */
export function deliveryEvent(message: TransportMessage): WebhookEvent {
  const { messageId, senderId, recipientId, conversationId, content, encrypted, attachments } = message;
  const createdAt = message.createdAt.toISOString();
  const body = JSON.stringify({
    type: 'message.created',
    timestamp: createdAt,
    data: {
      ...{ messageId, senderId, recipientId, conversationId, content, encrypted, attachments },
      createdAt,
    },
  });
  return { id: idOf(messageId, recipientId), body };
}

/** `message.recalled`. */
export function recallEvent({ messageId, conversationId, userId }: RecallAnnouncement): WebhookEvent {
  const body = JSON.stringify({
    type: 'message.recalled',
    timestamp: new Date().toISOString(),
    data: { messageId, conversationId, userId },
  });
  return { id: idOf(messageId, userId, 'recalled'), body };
}

/** One id per recipient, message and event. A digest, since ids of hosts may hold what a header may not. */
function idOf(...names: readonly string[]): string {
  return `msg_${createHash('sha256').update(names.join('\0')).digest('hex').slice(0, 32)}`;
}
