import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../message-queue/index.js';
import type { JobContext } from '../../message-queue/index.js';
import { FeedProcessor } from '../feed.processor.js';
import type { PublishResult } from '../feed.processor.js';
import { CHAT_MESSAGES_QUEUE, ChatMessageJobDto } from './chat-messages.queue.js';

/** Publishes what `chat_messages` has processed as `queue_processed_chat`. */
@Processor(CHAT_MESSAGES_QUEUE.name)
export class ChatMessagesProcessor extends FeedProcessor {
  @JobHandler('process-chat-message')
  processChatMessage(payload: ChatMessageJobDto, context: JobContext): Promise<PublishResult> {
    return this.publish('queue_processed_chat', payload, context);
  }
}
