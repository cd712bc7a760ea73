import { defineQueue } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `validate-message`. */
export class ValidationRequestJobDto {
  /** Who wrote the message. */
  @Id()
  userId!: string;

  @Id()
  messageId!: string;

  @Id()
  conversationId!: string;

  @Text()
  content!: string;
}

/** Messages to be checked before an agent sees them. */
export const VALIDATION_REQUESTS_QUEUE = defineQueue({
  name: 'validation_requests',
  description: 'Messages to be checked before an agent sees them.',
  jobs: { 'validate-message': ValidationRequestJobDto },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 15_000,
});
