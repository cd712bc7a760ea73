import { Processor } from '@nestjs/bull';
import { SocketIoTransport } from '../../../message-queue/adapters/socket-io/index.js';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { GuideMessages } from '../../agents/guide-messages.js';
import { followUpId } from '../follow-up.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { AGENT_RESPONSES_QUEUE, AgentResponseJobDto } from './agent-responses.queue.js';

/** Sends an answer as a message. Publishes what `agent_responses` has processed as `queue_processed_agent_response`. */
@Processor(AGENT_RESPONSES_QUEUE.name)
export class AgentResponsesProcessor extends UserEventProcessor {
  constructor(
    sockets: SocketIoTransport,
    private readonly guide: GuideMessages,
  ) {
    super(sockets);
  }

  @JobHandler(AGENT_RESPONSES_QUEUE, 'send-agent-response')
  async sendAgentResponse(payload: AgentResponseJobDto, context: JobContext): Promise<void> {
    const { userId, conversationId, message: content } = payload;
    const messageId = payload.messageId ?? followUpId(context.jobId, 'message');
    await this.guide.say({ messageId, userId, conversationId, content });
    await this.publish('queue_processed_agent_response', payload, context);
  }
}
