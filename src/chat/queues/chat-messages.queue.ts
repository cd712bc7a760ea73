import { IsOptional, IsString, Length } from 'class-validator';
import { defineQueue } from '../../message-queue/index.js';

/** Payload of `process-chat-message`. */
export class ChatMessageJobDto {
  @IsString()
  @Length(1, 128)
  userId!: string;

  @IsString()
  @Length(1, 128)
  conversationId!: string;

  @IsString()
  @Length(1, 20_000)
  message!: string;

  @IsOptional()
  @IsString()
  @Length(1, 128)
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
