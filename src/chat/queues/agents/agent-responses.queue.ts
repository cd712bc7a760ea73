import { IsOptional } from 'class-validator';
import { defineQueue, Identifies, KeyScope, Readable } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `send-agent-response`. */
export class AgentResponseJobDto {
  @Identifies('subject')
  @Id()
  userId!: string;

  @KeyScope('conversation')
  @Id()
  conversationId!: string;

  @Readable()
  @Id()
  agentType!: string;

  @Text()
  message!: string;

  /** What its pieces were called while it was written. Default: made of the job's id. */
  @Identifies('message')
  @IsOptional()
  @Id()
  messageId?: string;
}

/** Answers of agents, ready to be sent. */
export const AGENT_RESPONSES_QUEUE = defineQueue({
  name: 'agent_responses',
  description: 'Answers of agents, ready to be sent.',
  jobs: { 'send-agent-response': AgentResponseJobDto },
  sealed: true,
  concurrency: 10,
  attempts: 4,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 30_000,
});
