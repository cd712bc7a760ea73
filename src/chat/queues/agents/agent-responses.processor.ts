import { Processor } from '@nestjs/bull';
import { JobHandler } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { AGENT_RESPONSES_QUEUE, AgentResponseJobDto } from './agent-responses.queue.js';

/** Publishes what `agent_responses` has processed as `queue_processed_agent_response`. */
@Processor(AGENT_RESPONSES_QUEUE.name)
export class AgentResponsesProcessor extends UserEventProcessor {
  @JobHandler(AGENT_RESPONSES_QUEUE, 'send-agent-response')
  sendAgentResponse(payload: AgentResponseJobDto, context: JobContext): Promise<void> {
    return this.publish('queue_processed_agent_response', payload, context);
  }
}
