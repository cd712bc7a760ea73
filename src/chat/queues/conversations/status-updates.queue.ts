import { IsOptional } from 'class-validator';
import { defineQueue, Identifies, Readable } from '../../../message-queue/index.js';
import { Id, Text } from '../../input/fields.js';

/** Payload of `publish-status`. */
export class StatusUpdateJobDto {
  /** Whose agent it is about. */
  @Identifies('subject')
  @Id()
  userId!: string;

  @Readable()
  @Id()
  agentType!: string;

  @Readable()
  @Id()
  status!: string;

  @IsOptional()
  @Text()
  detail?: string;
}

/** States of the system and its agents. */
export const STATUS_UPDATES_QUEUE = defineQueue({
  name: 'status_updates',
  description: 'States of the system and its agents.',
  jobs: { 'publish-status': StatusUpdateJobDto },
  sealed: true,
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 500, maxDelayMs: 30_000 },
  timeoutMs: 10_000,
});
