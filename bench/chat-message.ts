/** The payload of every measurement: a chat message. */
export interface ChatMessage {
  readonly messageId: string;
  readonly senderId: string;
  readonly recipientId: string;
  readonly conversationId: string;
  readonly content: string;
  readonly createdAt: string;
}

/** Size of the ordinary message, in bytes of JSON. */
const ORDINARY_BYTES = 300;
const CREATED_AT = '2026-11-21T09:00:00.000Z';
const SENTENCE = 'See you at the station at nine. ';

const contents = new Map<number, string>();

function contentOf(bytes: number): string {
  const known = contents.get(bytes);
  if (known !== undefined) return known;
  const content = SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes);
  contents.set(bytes, content);
  return content;
}

function withContent(n: number, content: string): ChatMessage {
  return {
    messageId: `message-${String(n).padStart(12, '0')}`,
    senderId: 'user-000000000017',
    recipientId: 'user-000000000042',
    conversationId: 'conversation-000000000007',
    content,
    createdAt: CREATED_AT,
  };
}

const EMPTY_BYTES = Buffer.byteLength(JSON.stringify(withContent(0, '')));

/** The nth message. Ids have a fixed width, so that every message has the same size. */
export function chatMessage(n: number, bytes = ORDINARY_BYTES): ChatMessage {
  return withContent(n, contentOf(bytes - EMPTY_BYTES));
}

/** `count` messages from the nth on. */
export function chatMessages(n: number, count: number, bytes = ORDINARY_BYTES): ChatMessage[] {
  return Array.from({ length: count }, (_, index) => chatMessage(n + index, bytes));
}
