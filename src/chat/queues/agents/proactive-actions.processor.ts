import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { PROACTIVE_ACTIONS_QUEUE, ProactiveActionJobDto } from './proactive-actions.queue.js';

/** Publishes what `proactive_actions` has processed as `queue_processed_proactive_action`. */
@Processor(PROACTIVE_ACTIONS_QUEUE.name)
export class ProactiveActionsProcessor extends UserEventProcessor {
  @JobHandler(PROACTIVE_ACTIONS_QUEUE, 'run-proactive-action')
  runProactiveAction(payload: ProactiveActionJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_proactive_action', payload, context);
  }
}
