import { Processor } from '@nestjs/bull';
import { SocketIoTransport } from '../../../message-queue/adapters/socket-io/index.js';
import { JobHandler, MessageQueueService } from '../../../message-queue/index.js';
import type { JobContext } from '../../../message-queue/index.js';
import { GuideMessages } from '../../agents/guide-messages.js';
import { CHAT_PRIORITY } from '../chat-priority.js';
import { followUp, followUpId } from '../follow-up.js';
import { UserEventProcessor } from '../user-event.processor.js';
import { GOAL_SEEKING_UPDATES_QUEUE } from './goal-seeking-updates.queue.js';
import { PROACTIVE_ACTIONS_QUEUE, ProactiveActionJobDto } from './proactive-actions.queue.js';

/**
 * Says what an agent says unasked, and that it has come nearer to its goal. Publishes what `proactive_actions` has processed as
 * `queue_processed_proactive_action`.
 */
@Processor(PROACTIVE_ACTIONS_QUEUE.name)
export class ProactiveActionsProcessor extends UserEventProcessor {
  constructor(
    sockets: SocketIoTransport,
    private readonly messageQueue: MessageQueueService,
    private readonly guide: GuideMessages,
  ) {
    super(sockets);
  }

  @JobHandler(PROACTIVE_ACTIONS_QUEUE, 'run-proactive-action')
  async runProactiveAction(payload: ProactiveActionJobDto, context: JobContext): Promise<void> {
    const { userId, conversationId, actionType, message: content } = payload;
    // The idle rule uses the id of its job again and again; each time it says something new.
    const occasion = { ...context, jobId: `${context.jobId}-${context.addedAt.getTime()}` };
    const messageId = followUpId(occasion.jobId, 'message');
    await this.guide.say({ messageId, userId, conversationId, content });
    await this.messageQueue.enqueue(
      GOAL_SEEKING_UPDATES_QUEUE,
      'update-goal',
      { userId, goalId: actionType, state: 'acted', progressPercent: 100 },
      followUp(occasion, 'goal', CHAT_PRIORITY.background),
    );
    await this.publish('queue_processed_proactive_action', payload, context);
  }
}
