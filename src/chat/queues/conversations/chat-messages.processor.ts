import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { CHAT_MESSAGES_QUEUE, ChatMessageJobDto } from './chat-messages.queue.js';

/** Publishes what `chat_messages` has processed as `queue_processed_chat`. */
@Processor(CHAT_MESSAGES_QUEUE.name)
export class ChatMessagesProcessor extends UserEventProcessor {
  @JobHandler(CHAT_MESSAGES_QUEUE, 'process-chat-message')
  processChatMessage(payload: ChatMessageJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_chat', payload, context);
  }
}
