import { IsString, Length } from 'class-validator';
import { defineQueue } from '../../message-queue/index.js';

/** Payload of `run-proactive-action`. */
export class ProactiveActionJobDto {
  @IsString()
  @Length(1, 128)
  userId!: string;

  @IsString()
  @Length(1, 128)
  conversationId!: string;

  @IsString()
  @Length(1, 128)
  actionType!: string;

  @IsString()
  @Length(1, 128)
  agentType!: string;

  @IsString()
  @Length(1, 20_000)
  message!: string;
}

/** Actions an agent takes without being asked, at once or delayed. */
export const PROACTIVE_ACTIONS_QUEUE = defineQueue({
  name: 'proactive_actions',
  description: 'Actions an agent takes without being asked, at once or delayed.',
  jobs: { 'run-proactive-action': ProactiveActionJobDto },
  concurrency: 5,
  attempts: 4,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 30_000,
});
