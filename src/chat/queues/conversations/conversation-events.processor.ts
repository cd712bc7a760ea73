import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { CONVERSATION_EVENTS_QUEUE, ConversationEventJobDto } from './conversation-events.queue.js';

/** Publishes what `conversation_events` has processed as `queue_processed_conversation_event`. */
@Processor(CONVERSATION_EVENTS_QUEUE.name)
export class ConversationEventsProcessor extends UserEventProcessor {
  @JobHandler(CONVERSATION_EVENTS_QUEUE, 'record-conversation-event')
  recordConversationEvent(payload: ConversationEventJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_conversation_event', payload, context);
  }
}
