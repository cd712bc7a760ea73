import { defineQueue, Identifies } from '../../../message-queue/index.js';
import { Id } from '../../input/fields.js';

/** Payload of `record-conversation-event`. */
export class ConversationEventJobDto {
  @Identifies('conversation')
  @Id()
  conversationId!: string;

  @Identifies('subject')
  @Id()
  userId!: string;

  @Id()
  eventType!: string;
}

/** Life of a conversation: opened, joined, left, closed. */
export const CONVERSATION_EVENTS_QUEUE = defineQueue({
  name: 'conversation_events',
  description: 'Life of a conversation: opened, joined, left, closed.',
  jobs: { 'record-conversation-event': ConversationEventJobDto },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 10_000,
});
