import { Injectable } from '@nestjs/common';
import { IdempotencyConflictError, MessageQueueService } from '../../message-queue/index.js';
import type { JobContext } from '../../message-queue/index.js';
import { AGENT_RESPONSES_QUEUE } from '../queues/agents/agent-responses.queue.js';
import { STREAM_CHUNKS_QUEUE } from '../queues/agents/stream-chunks.queue.js';
import { CHAT_PRIORITY } from '../queues/chat-priority.js';
import { followUp, followUpId } from '../queues/follow-up.js';
import { Agent } from './agent.js';
import type { AgentQuestion } from './agent.js';
import { GuideMessages } from './guide-messages.js';

/** What a message may have, and so an answer. */
const MOST_CHARACTERS = 20_000;

/** What all pieces of one answer have in common. */
interface Answer {
  readonly userId: string;
  readonly conversationId: string;
  readonly messageId: string;
}

/** Asks the agent, and queues what it answers: each piece as it comes, and the whole at the end. */
@Injectable()
export class AnswerWriter {
  constructor(
    private readonly agent: Agent,
    private readonly messageQueue: MessageQueueService,
    private readonly guide: GuideMessages,
  ) {}

  /** @param questionId of the message that is answered @throws what the agent and `MessageQueueService.enqueue` throw */
  async write(question: AgentQuestion, questionId: string, context: JobContext): Promise<void> {
    const { userId, conversationId, agentType } = question;
    const answer = { userId, conversationId, messageId: followUpId(context.jobId, 'answer') };
    await this.guide.markRead(questionId);
    let message = '';
    let at = 0;
    // One is held back until the next is there: only then it is known that it was not the last.
    let held = '';
    for await (const piece of this.agent.answer(question, context.signal)) {
      const isWritten = held.trim() !== '' && piece.trim() !== '';
      if (isWritten) await this.relay(answer, { content: held, chunkIndex: at++, isFinal: false }, context);
      held = isWritten ? piece : held + piece;
      message += piece;
      if (message.length >= MOST_CHARACTERS) break;
    }
    context.signal.throwIfAborted();
    if (held.trim() === '') return;
    await this.relay(answer, { content: held, chunkIndex: at, isFinal: true }, context);
    await this.messageQueue.enqueue(
      AGENT_RESPONSES_QUEUE,
      'send-agent-response',
      { ...answer, agentType, message: cut(message.trimEnd()) },
      followUp(context, 'response', CHAT_PRIORITY.response),
    );
  }

  private async relay(
    answer: Answer,
    piece: { readonly content: string; readonly chunkIndex: number; readonly isFinal: boolean },
    context: JobContext,
  ): Promise<void> {
    try {
      await this.messageQueue.enqueue(
        STREAM_CHUNKS_QUEUE,
        'relay-stream-chunk',
        { ...answer, ...piece, content: cut(piece.content) },
        followUp(context, `chunk-${piece.chunkIndex}`, CHAT_PRIORITY.chunk),
      );
    } catch (error) {
      // Asked again, an agent may answer in other words: readers have the first ones, and the whole answer replaces them.
      if (!(error instanceof IdempotencyConflictError)) throw error;
    }
  }
}

/** At most as long as a message, and no half of a character at its end. */
function cut(text: string): string {
  return text.slice(0, MOST_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '');
}
