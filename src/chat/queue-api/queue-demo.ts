import { Injectable } from '@nestjs/common';
import { MessageQueueService } from '../../message-queue/index.js';
import type { JobReceipt } from '../../message-queue/index.js';
import { GUIDE } from '../agents/guide.js';
import { CHAT_PRIORITY } from '../queues/chat-priority.js';
import { AGENT_RESPONSES_QUEUE } from '../queues/agents/agent-responses.queue.js';
import { GOAL_SEEKING_UPDATES_QUEUE } from '../queues/agents/goal-seeking-updates.queue.js';
import { PROACTIVE_ACTIONS_QUEUE } from '../queues/agents/proactive-actions.queue.js';
import { STREAM_CHUNKS_QUEUE } from '../queues/agents/stream-chunks.queue.js';
import { VALIDATION_REQUESTS_QUEUE } from '../queues/agents/validation-requests.queue.js';
import { CHAT_MESSAGES_QUEUE } from '../queues/conversations/chat-messages.queue.js';
import { CONVERSATION_EVENTS_QUEUE } from '../queues/conversations/conversation-events.queue.js';
import { STATUS_UPDATES_QUEUE } from '../queues/conversations/status-updates.queue.js';

/** Shows what the queues do: one job of each, whose events the user's sockets hear. */
@Injectable()
export class QueueDemo {
  constructor(private readonly messageQueue: MessageQueueService) {}

  /** @returns the receipts, in the order of `CHAT_QUEUES` @throws what `MessageQueueService.enqueue` throws */
  run(userId: string, conversationId: string): Promise<JobReceipt[]> {
    const queue = this.messageQueue;
    const { chat, response, proactive, chunk, status, validation, background } = CHAT_PRIORITY;
    const about = { userId, conversationId };
    const agentType = GUIDE.id;
    const messageId = 'demo-message';
    const message = 'Hello from the demo!';
    return Promise.all([
      queue.enqueue(CHAT_MESSAGES_QUEUE, 'process-chat-message', { ...about, message }, { priority: chat }),
      queue.enqueue(
        AGENT_RESPONSES_QUEUE,
        'send-agent-response',
        { ...about, agentType, message: 'An answer of the demo.' },
        { priority: response },
      ),
      queue.enqueue(
        PROACTIVE_ACTIONS_QUEUE,
        'run-proactive-action',
        { ...about, agentType, actionType: 'demonstrate', message: 'Said by the demo, unasked.' },
        { priority: proactive },
      ),
      queue.enqueue(
        STREAM_CHUNKS_QUEUE,
        'relay-stream-chunk',
        { ...about, messageId, chunkIndex: 0, content: 'A piece of the demo.', isFinal: true },
        { priority: chunk },
      ),
      queue.enqueue(
        STATUS_UPDATES_QUEUE,
        'publish-status',
        { userId, agentType, status: 'demonstrating' },
        { priority: status },
      ),
      queue.enqueue(
        VALIDATION_REQUESTS_QUEUE,
        'validate-message',
        { ...about, messageId, content: message },
        { priority: validation },
      ),
      queue.enqueue(
        GOAL_SEEKING_UPDATES_QUEUE,
        'update-goal',
        { userId, goalId: 'demonstrate', state: 'reached', progressPercent: 100 },
        { priority: background },
      ),
      queue.enqueue(
        CONVERSATION_EVENTS_QUEUE,
        'record-conversation-event',
        { ...about, eventType: 'demonstrated' },
        { priority: background },
      ),
    ]);
  }
}
