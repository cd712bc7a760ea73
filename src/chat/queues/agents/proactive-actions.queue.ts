import { defineQueue, Identifies, KeyScope, Readable } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `run-proactive-action`. */
export class ProactiveActionJobDto {
  @Identifies('subject')
  @Id()
  userId!: string;

  @KeyScope('conversation')
  @Id()
  conversationId!: string;

  @Readable()
  @Id()
  actionType!: string;

  @Readable()
  @Id()
  agentType!: string;

  @Text()
  message!: string;
}

/** Actions an agent takes without being asked, at once or delayed. */
export const PROACTIVE_ACTIONS_QUEUE = defineQueue({
  name: 'proactive_actions',
  description: 'Actions an agent takes without being asked, at once or delayed.',
  jobs: { 'run-proactive-action': ProactiveActionJobDto },
  sealed: true,
  concurrency: 5,
  attempts: 4,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 30_000,
});
