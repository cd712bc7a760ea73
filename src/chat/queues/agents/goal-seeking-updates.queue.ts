import { IsInt, Max, Min } from 'class-validator';
import { defineQueue, Identifies } from '../../../message-queue/index.js';
import { Id } from '../../input/fields.js';

/** Payload of `update-goal`. */
export class GoalSeekingUpdateJobDto {
  @Identifies('subject')
  @Id()
  userId!: string;

  @Id()
  goalId!: string;

  @Id()
  state!: string;

  @IsInt()
  @Min(0)
  @Max(100)
  progressPercent!: number;
}

/** State changes of the goals that an agent pursues. */
export const GOAL_SEEKING_UPDATES_QUEUE = defineQueue({
  name: 'goal_seeking_updates',
  description: 'State changes of the goals that an agent pursues.',
  jobs: { 'update-goal': GoalSeekingUpdateJobDto },
  concurrency: 3,
  attempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 30_000 },
  timeoutMs: 15_000,
});
