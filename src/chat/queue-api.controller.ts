import { Body, Controller, Headers, HttpCode, Post, UseGuards } from '@nestjs/common';
import { MessageQueueService } from '../message-queue/index.js';
import type { JobReceipt } from '../message-queue/index.js';
import { OperationsGuard } from '../message-queue/operations/index.js';
import { STRICT_BY_FIELD } from './input/strict.pipe.js';
import { EnqueueChatDto } from './queue-api/enqueue-chat.dto.js';
import { EnqueueProactiveDto } from './queue-api/enqueue-proactive.dto.js';
import { QueueDemo } from './queue-api/queue-demo.js';
import { QueueDemoDto } from './queue-api/queue-demo.dto.js';
import { PROACTIVE_ACTIONS_QUEUE } from './queues/agents/proactive-actions.queue.js';
import { CHAT_MESSAGES_QUEUE } from './queues/conversations/chat-messages.queue.js';
import { Public } from './sign-in/signed-in.guard.js';

/** A job that is safe in its queue. */
export interface EnqueuedMessage {
  readonly messageId: string;
  readonly queueName: string;
  /** Whether an earlier call with the same `Idempotency-Key` had added it already. */
  readonly deduplicated: boolean;
}

/** One job of each of the app's own queues. */
export interface DemonstratedQueues {
  readonly messages: readonly Pick<EnqueuedMessage, 'queueName' | 'messageId'>[];
}

/**
 * What of `/api/queue` knows this app's own queues; the library answers everything else under that address. For operators alone: whoever calls it
 * speaks for whom they like.
 */
@Public()
@UseGuards(OperationsGuard)
@Controller('api/queue')
export class QueueApiController {
  constructor(
    private readonly messageQueue: MessageQueueService,
    private readonly demo: QueueDemo,
  ) {}

  /** Adds a message that somebody wrote to an agent. */
  @Post('enqueue/chat')
  @HttpCode(202)
  async enqueueChat(
    @Body(STRICT_BY_FIELD) { priority, ...payload }: EnqueueChatDto,
    @Headers('idempotency-key') idempotencyKey?: string,
  ): Promise<EnqueuedMessage> {
    return answerOf(
      await this.messageQueue.enqueue(CHAT_MESSAGES_QUEUE, 'process-chat-message', payload, {
        ...{ priority, idempotencyKey },
      }),
    );
  }

  /** Has an agent say something unasked, at once or later. */
  @Post('enqueue/proactive')
  @HttpCode(202)
  async enqueueProactive(
    @Body(STRICT_BY_FIELD) { timing: _timing, delayMs, priority, ...payload }: EnqueueProactiveDto,
    @Headers('idempotency-key') idempotencyKey?: string,
  ): Promise<EnqueuedMessage> {
    return answerOf(
      await this.messageQueue.enqueue(PROACTIVE_ACTIONS_QUEUE, 'run-proactive-action', payload, {
        ...{ priority, delay: delayMs, idempotencyKey },
      }),
    );
  }

  /** Adds one message to each of the eight queues. */
  @Post('demo')
  @HttpCode(202)
  async demonstrate(
    @Body(STRICT_BY_FIELD) { userId, conversationId }: QueueDemoDto,
  ): Promise<DemonstratedQueues> {
    const receipts = await this.demo.run(userId, conversationId);
    return { messages: receipts.map(({ queue: queueName, id: messageId }) => ({ queueName, messageId })) };
  }
}

function answerOf({ id: messageId, queue: queueName, deduplicated }: JobReceipt): EnqueuedMessage {
  return { messageId, queueName, deduplicated };
}
