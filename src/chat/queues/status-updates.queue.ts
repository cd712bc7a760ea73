import { IsOptional, IsString, Length } from 'class-validator';
import { defineQueue } from '../../message-queue/index.js';

/** Payload of `publish-status`. */
export class StatusUpdateJobDto {
  @IsString()
  @Length(1, 128)
  agentType!: string;

  @IsString()
  @Length(1, 128)
  status!: string;

  @IsOptional()
  @IsString()
  @Length(1, 20_000)
  detail?: string;
}

/** States of the system and its agents. */
export const STATUS_UPDATES_QUEUE = defineQueue({
  name: 'status_updates',
  description: 'States of the system and its agents.',
  jobs: { 'publish-status': StatusUpdateJobDto },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 500, maxDelayMs: 30_000 },
  timeoutMs: 10_000,
});
