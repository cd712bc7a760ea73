import { IsString, Length } from 'class-validator';
import { defineQueue } from '../../message-queue/index.js';

/** Payload of `send-agent-response`. */
export class AgentResponseJobDto {
  @IsString()
  @Length(1, 128)
  userId!: string;

  @IsString()
  @Length(1, 128)
  conversationId!: string;

  @IsString()
  @Length(1, 128)
  agentType!: string;

  @IsString()
  @Length(1, 20_000)
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
