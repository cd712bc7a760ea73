import { defineQueue } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `send-agent-response`. */
export class AgentResponseJobDto {
  @Id()
  userId!: string;

  @Id()
  conversationId!: string;

  @Id()
  agentType!: string;

  @Text()
  message!: string;
}

/** Answers of agents, ready to be sent. */
export const AGENT_RESPONSES_QUEUE = defineQueue({
  name: 'agent_responses',
  description: 'Answers of agents, ready to be sent.',
  jobs: { 'send-agent-response': AgentResponseJobDto },
  concurrency: 10,
  attempts: 4,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 30_000,
});
