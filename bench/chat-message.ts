/** The payload of every measurement: a chat message that is 300 bytes of JSON. */
export interface ChatMessage {
  readonly messageId: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly conversationId: string;
  readonly content: string;
  readonly createdAt: string;
}

const PAYLOAD_BYTES = 300;
const CREATED_AT = '2026-11-21T09:00:00.000Z';

/** The nth message. Ids have a fixed width, so that every message has the same size. */
export function chatMessage(n: number): ChatMessage {
  const suffix = String(n).padStart(12, '0');
  const message = {
    messageId: `message-${suffix}`,
    senderId: 'user-000000000017',
    recipientId: 'user-000000000042',
    conversationId: 'conversation-000000000007',
    content: '',
    createdAt: CREATED_AT,
  };
  const room = PAYLOAD_BYTES - Buffer.byteLength(JSON.stringify(message));
  return { ...message, content: 'See you at the station at nine. '.repeat(10).slice(0, room) };
}

/** `count` messages from the nth on. */
export function chatMessages(n: number, count: number): ChatMessage[] {
  return Array.from({ length: count }, (_, index) => chatMessage(n + index));
}
