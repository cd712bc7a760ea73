import { createHash } from 'node:crypto';
import type { RecallAnnouncement, TransportMessage } from '../../ports/messages/message-transport.js';
import { signWebhook, WebhookHeader } from './webhook-signature.js';
import type { WebhookEndpoint } from './webhook.options.js';

/** One event of Standard Webhooks. */
export interface WebhookEvent {
  /** The same in every repeat. */
  readonly id: string;
  readonly body: string;
}

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

/** The headers of one try, signed with every secret of the endpoint. @throws InvalidConfigurationError when one cannot be used */
export function headersOf({ secrets }: WebhookEndpoint, { id, body }: WebhookEvent): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1_000);
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'nestjs-message-queue',
    [WebhookHeader.ID]: id,
    [WebhookHeader.TIMESTAMP]: String(timestamp),
    [WebhookHeader.SIGNATURE]: secrets.map((secret) => signWebhook(secret, id, timestamp, body)).join(' '),
  };
}

/** One id per recipient, message and event. A digest, since ids of hosts may hold what a header may not. */
function idOf(...names: readonly string[]): string {
  return `msg_${createHash('sha256').update(names.join('\0')).digest('hex').slice(0, 32)}`;
}
