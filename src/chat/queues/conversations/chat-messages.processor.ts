import { Processor } from '@nestjs/bull';
import { SocketIoTransport } from '../../../message-queue/adapters/socket-io/index.js';
import { JobHandler, MessageQueueService } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { GUIDE } from '../../agents/guide.js';
import { IdleRule } from '../../agents/idle-rule.js';
import { VALIDATION_REQUESTS_QUEUE } from '../agents/validation-requests.queue.js';
import { CHAT_PRIORITY } from '../chat-priority.js';
import { followUp, followUpId } from '../follow-up.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { CHAT_MESSAGES_QUEUE, ChatMessageJobDto } from './chat-messages.queue.js';
import { CONVERSATION_EVENTS_QUEUE } from './conversation-events.queue.js';
import { STATUS_UPDATES_QUEUE } from './status-updates.queue.js';

/**
 * Has a message checked, says that its agent thinks, and notes that its conversation is awake. Publishes what `chat_messages` has
 * processed as `queue_processed_chat`.
 */
@Processor(CHAT_MESSAGES_QUEUE.name)
export class ChatMessagesProcessor extends UserEventProcessor {
  constructor(
    sockets: SocketIoTransport,
    private readonly messageQueue: MessageQueueService,
    private readonly idleRule: IdleRule,
  ) {
    super(sockets);
  }

  @JobHandler(CHAT_MESSAGES_QUEUE, 'process-chat-message')
  async processChatMessage(payload: ChatMessageJobDto, context: JobContext): Promise<void> {
    const { userId, conversationId, message: content, forceAgent: agentType = GUIDE.id } = payload;
    const { jobId } = context;
    // Before the conversation is awake: a run that is repeated finds it as the first one did, or has told of it.
    await this.tellOfWaking({ userId, conversationId, agentType }, context);
    const messageId = payload.messageId ?? followUpId(jobId, 'message');
    await this.messageQueue.enqueue(
      STATUS_UPDATES_QUEUE,
      'publish-status',
      { userId, agentType, status: 'thinking' },
      followUp(context, 'thinking', CHAT_PRIORITY.status),
    );
    await this.messageQueue.enqueue(
      VALIDATION_REQUESTS_QUEUE,
      'validate-message',
      { userId, messageId, conversationId, content, agentType },
      followUp(context, 'validation', CHAT_PRIORITY.validation),
    );
    await this.publish('queue_processed_chat', payload, context);
  }

  private async tellOfWaking(
    conversation: { readonly userId: string; readonly conversationId: string; readonly agentType: string },
    context: JobContext,
  ): Promise<void> {
    const { userId, conversationId } = conversation;
    const pulse = await this.idleRule.pulseOf(conversation);
    if (pulse !== 'awake') {
      await this.messageQueue.enqueue(
        CONVERSATION_EVENTS_QUEUE,
        'record-conversation-event',
        { userId, conversationId, eventType: pulse === 'new' ? 'opened' : 'resumed' },
        followUp(context, 'event', CHAT_PRIORITY.background),
      );
    }
    await this.idleRule.putOff(conversation);
  }
}
