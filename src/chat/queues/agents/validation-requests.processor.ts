import { Processor } from '@nestjs/bull';
import { SocketIoTransport } from '../../../message-queue/adapters/socket-io/index.js';
import { JobHandler, MessageQueueService } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { GUIDE } from '../../agents/guide.js';
import { objectionTo } from '../../agents/message-rules.js';
import { AnswerWriter } from '../../agents/answer-writer.js';
import { CHAT_PRIORITY } from '../chat-priority.js';
import { STATUS_UPDATES_QUEUE } from '../conversations/status-updates.queue.js';
import { followUp } from '../follow-up.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { PROACTIVE_ACTIONS_QUEUE } from './proactive-actions.queue.js';
import { VALIDATION_REQUESTS_QUEUE, ValidationRequestJobDto } from './validation-requests.queue.js';

/**
 * Gives a message to its agent, or says why the agent does not get it. Publishes what `validation_requests` has processed as
 * `queue_processed_validation_request`.
 */
@Processor(VALIDATION_REQUESTS_QUEUE.name)
export class ValidationRequestsProcessor extends UserEventProcessor {
  constructor(
    sockets: SocketIoTransport,
    private readonly messageQueue: MessageQueueService,
    private readonly answers: AnswerWriter,
  ) {
    super(sockets);
  }

  @JobHandler(VALIDATION_REQUESTS_QUEUE, 'validate-message')
  async validateMessage(payload: ValidationRequestJobDto, context: JobContext): Promise<void> {
    const { userId, conversationId, content, agentType = GUIDE.id } = payload;
    const objection = objectionTo(content);
    if (objection === null) {
      const question = { userId, conversationId, agentType, message: content };
      await this.answers.write(question, payload.messageId, context);
    } else {
      // Somebody waits: before what agents say unasked.
      await this.messageQueue.enqueue(
        PROACTIVE_ACTIONS_QUEUE,
        'run-proactive-action',
        { userId, conversationId, agentType, actionType: 'explain-refusal', message: objection },
        followUp(context, 'refusal', CHAT_PRIORITY.urgent),
      );
    }
    await this.messageQueue.enqueue(
      STATUS_UPDATES_QUEUE,
      'publish-status',
      { userId, agentType, status: objection === null ? 'ready' : 'refused' },
      followUp(context, 'done', CHAT_PRIORITY.status),
    );
    await this.publish('queue_processed_validation_request', payload, context);
  }
}
