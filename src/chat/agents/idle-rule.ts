import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { MessageQueueService } from '../../message-queue/index.js';
import { PROACTIVE_ACTIONS_QUEUE } from '../queues/agents/proactive-actions.queue.js';
import { CHAT_PRIORITY } from '../queues/chat-priority.js';

/** After so long without a message a conversation is idle. */
export const IDLE_MS = 30 * 60_000;

/** Where a conversation stands: `new` when nothing is known of it. */
export type ConversationPulse = 'new' | 'awake' | 'idle';

/** Whose conversation with which agent. */
export interface GuidedConversation {
  readonly userId: string;
  readonly conversationId: string;
  readonly agentType: string;
}

/**
 * After 30 idle minutes an agent speaks up. The proactive action that waits for then is also how all processes know that a conversation
 * is awake: each message puts it off, and who finds none writes the first.
 */
@Injectable()
export class IdleRule {
  constructor(private readonly messageQueue: MessageQueueService) {}

  /** How a conversation stands before a message of its user. */
  async pulseOf(conversation: GuidedConversation): Promise<ConversationPulse> {
    const action = await this.messageQueue.getJob(PROACTIVE_ACTIONS_QUEUE.name, actionIdOf(conversation));
    if (action === null) return 'new';
    return (await action.isDelayed()) ? 'awake' : 'idle';
  }

  /** A message was written: the conversation is idle in half an hour. */
  async putOff({ userId, conversationId, agentType }: GuidedConversation): Promise<void> {
    const jobId = actionIdOf({ userId, conversationId });
    const action = await this.messageQueue.getJob(PROACTIVE_ACTIONS_QUEUE.name, jobId);
    // One that is being run cannot be removed: then the agent speaks up right now, and after the next message again.
    await action?.remove().catch(() => undefined);
    await this.messageQueue.enqueue(
      PROACTIVE_ACTIONS_QUEUE,
      'run-proactive-action',
      {
        ...{ userId, conversationId, agentType, actionType: 'keep-in-touch' },
        message: 'It has been quiet here for half an hour. Is there anything else that I can do for you?',
      },
      { jobId, delay: IDLE_MS, priority: CHAT_PRIORITY.proactive },
    );
  }
}

/** Ids of people and conversations may hold what the id of a job must not. */
function actionIdOf({ userId, conversationId }: Omit<GuidedConversation, 'agentType'>): string {
  return `idle-${createHash('sha256').update(`${userId}\n${conversationId}`).digest('base64url')}`;
}
