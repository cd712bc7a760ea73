import { IsOptional } from 'class-validator';
import type { JobPriority } from '../../message-queue/index.js';
import { Id, Text } from '../input/fields.js';
import { CHAT_PRIORITY } from '../queues/chat-priority.js';
import { Priority } from './priority.js';

/** Body of `POST /api/queue/enqueue/chat`. */
export class EnqueueChatDto {
  /** Who wrote it. */
  @Id()
  userId!: string;

  @Id()
  conversationId!: string;

  @Text()
  message!: string;

  /** Which agent has to answer. Default: the guide. */
  @IsOptional()
  @Id()
  forceAgent?: string;

  /** 1 to 10, 10 first. Default 5. */
  @Priority()
  priority: JobPriority = CHAT_PRIORITY.chat;
}
