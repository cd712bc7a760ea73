import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { STATUS_UPDATES_QUEUE, StatusUpdateJobDto } from './status-updates.queue.js';

/** Publishes what `status_updates` has processed as `queue_processed_status_update`. */
@Processor(STATUS_UPDATES_QUEUE.name)
export class StatusUpdatesProcessor extends UserEventProcessor {
  @JobHandler(STATUS_UPDATES_QUEUE, 'publish-status')
  publishStatus(payload: StatusUpdateJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_status_update', payload, context);
  }
}
