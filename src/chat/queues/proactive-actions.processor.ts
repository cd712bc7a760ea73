import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../message-queue/index.js';
import type { JobContext } from '../../message-queue/index.js';
import { FeedProcessor } from '../feed.processor.js';
import type { PublishResult } from '../feed.processor.js';
import { PROACTIVE_ACTIONS_QUEUE, ProactiveActionJobDto } from './proactive-actions.queue.js';

/** Publishes what `proactive_actions` has processed as `queue_processed_proactive_action`. */
@Processor(PROACTIVE_ACTIONS_QUEUE.name)
export class ProactiveActionsProcessor extends FeedProcessor {
  @JobHandler('run-proactive-action')
  runProactiveAction(payload: ProactiveActionJobDto, context: JobContext): Promise<PublishResult> {
    return this.publish('queue_processed_proactive_action', payload, context);
  }
}
