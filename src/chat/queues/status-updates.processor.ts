import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../message-queue/index.js';
import type { JobContext } from '../../message-queue/index.js';
import { FeedProcessor } from '../feed.processor.js';
import type { PublishResult } from '../feed.processor.js';
import { STATUS_UPDATES_QUEUE, StatusUpdateJobDto } from './status-updates.queue.js';

/** Publishes what `status_updates` has processed as `queue_processed_status_update`. */
@Processor(STATUS_UPDATES_QUEUE.name)
export class StatusUpdatesProcessor extends FeedProcessor {
  @JobHandler('publish-status')
  publishStatus(payload: StatusUpdateJobDto, context: JobContext): Promise<PublishResult> {
    return this.publish('queue_processed_status_update', payload, context);
  }
}
