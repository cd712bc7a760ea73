import { IsOptional } from 'class-validator';
import { defineQueue, Identifies, KeyScope, Readable } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `process-chat-message`. */
export class ChatMessageJobDto {
  @Identifies('subject')
  @Id()
  userId!: string;

  @KeyScope('conversation')
  @Id()
  conversationId!: string;

  @Text()
  message!: string;

  /** Which agent has to answer. Default: the guide. */
  @Readable()
  @IsOptional()
  @Id()
  forceAgent?: string;

  /** Of a message of the chat; one that came by the API alone has none. */
  @Identifies('message')
  @IsOptional()
  @Id()
  messageId?: string;
}

/** User chat messages that wait for an answer. */
export const CHAT_MESSAGES_QUEUE = defineQueue({
  name: 'chat_messages',
  description: 'User chat messages that wait for an answer.',
  jobs: { 'process-chat-message': ChatMessageJobDto },
  sealed: true,
  concurrency: 10,
  attempts: 4,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 30_000,
});
