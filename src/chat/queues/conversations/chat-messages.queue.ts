import { IsOptional } from 'class-validator';
import { defineQueue } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `process-chat-message`. */
export class ChatMessageJobDto {
  @Id()
  userId!: string;

  @Id()
  conversationId!: string;

  @Text()
  message!: string;

  @IsOptional()
  @Id()
  forceAgent?: string;
}

/** User chat messages that wait for an answer. */
export const CHAT_MESSAGES_QUEUE = defineQueue({
  name: 'chat_messages',
  description: 'User chat messages that wait for an answer.',
  jobs: { 'process-chat-message': ChatMessageJobDto },
  concurrency: 10,
  attempts: 4,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 30_000,
});
