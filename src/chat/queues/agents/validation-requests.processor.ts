import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { VALIDATION_REQUESTS_QUEUE, ValidationRequestJobDto } from './validation-requests.queue.js';

/** Publishes what `validation_requests` has processed as `queue_processed_validation_request`. */
@Processor(VALIDATION_REQUESTS_QUEUE.name)
export class ValidationRequestsProcessor extends UserEventProcessor {
  @JobHandler(VALIDATION_REQUESTS_QUEUE, 'validate-message')
  validateMessage(payload: ValidationRequestJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_validation_request', payload, context);
  }
}
