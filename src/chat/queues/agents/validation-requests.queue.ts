import { IsOptional } from 'class-validator';
import { defineQueue, Identifies, KeyScope, Readable } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `validate-message`. */
export class ValidationRequestJobDto {
  /** Who wrote the message. */
  @Identifies('subject')
  @Id()
  userId!: string;

  @Identifies('message')
  @Id()
  messageId!: string;

  @KeyScope('conversation')
  @Id()
  conversationId!: string;

  @Text()
  content!: string;

  /** Which agent it is for. Default: the guide. */
  @Readable()
  @IsOptional()
  @Id()
  agentType?: string;
}

/** Messages to be checked before an agent sees them. */
export const VALIDATION_REQUESTS_QUEUE = defineQueue({
  name: 'validation_requests',
  description: 'Messages to be checked before an agent sees them.',
  jobs: { 'validate-message': ValidationRequestJobDto },
  sealed: true,
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 15_000,
});
