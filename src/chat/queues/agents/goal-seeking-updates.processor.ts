import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { GOAL_SEEKING_UPDATES_QUEUE, GoalSeekingUpdateJobDto } from './goal-seeking-updates.queue.js';

/** Publishes what `goal_seeking_updates` has processed as `queue_processed_goal_seeking_update`. */
@Processor(GOAL_SEEKING_UPDATES_QUEUE.name)
export class GoalSeekingUpdatesProcessor extends UserEventProcessor {
  @JobHandler(GOAL_SEEKING_UPDATES_QUEUE, 'update-goal')
  updateGoal(payload: GoalSeekingUpdateJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_goal_seeking_update', payload, context);
  }
}
