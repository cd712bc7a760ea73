import { Injectable } from '@nestjs/common';
import { CircuitBreakers } from '../ports/circuit-breakers.js';
import type { JobContext } from '../handlers/job-context.js';
import { claimedTime } from '../ports/messages/claimed-time.js';
import { ConversationStore, isDeletedWith } from '../ports/messages/conversation-store.js';
import { MessageStore } from '../ports/messages/message-store.js';
import { Dependency, guardedPort } from './guarded-port.js';
import { toDate } from './payload-fields.js';

/** What a job says of where its text belongs. */
export interface JobPlace {
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly createdAt: Date | string;
}

/** Why a job that came too late did nothing, as its result says it. */
export const DELETED = 'its conversation was deleted, or its message removed, before the job ran';

/**
 * Keeps jobs that come late from bringing back what was deleted: of a conversation that was deleted after they were made, or of a message
 * that nobody sees any more.
 */
@Injectable()
export class DeletionGate {
  private readonly conversations: ConversationStore;
  private readonly messages: MessageStore;

  constructor(conversations: ConversationStore, messages: MessageStore, breakers: CircuitBreakers) {
    this.conversations = guardedPort(conversations, Dependency.STORE, breakers);
    this.messages = guardedPort(messages, Dependency.STORE, breakers);
  }

  /**
   * Whether what a job is about is gone. A time that it claims counts only until it was added, where that is known.
   * @throws what the stores throw; signal.reason
   */
  async isShut(
    { messageId, conversationId, createdAt }: JobPlace,
    { signal, addedAt }: Pick<JobContext, 'signal'> & Partial<Pick<JobContext, 'addedAt'>>,
  ): Promise<boolean> {
    if (conversationId !== undefined) {
      const conversation = await this.conversations.find(conversationId, signal);
      // A conversation that was never deleted hides nothing: the usual case asks once.
      if ((conversation?.deletedAt ?? null) === null) return false;
      const writtenAt = addedAt === undefined ? toDate(createdAt) : claimedTime(createdAt, addedAt);
      if (isDeletedWith(conversation, writtenAt)) return true;
    }
    if (messageId === undefined) return false;
    return (await this.messages.hiddenAmong([messageId], signal)).length > 0;
  }

  /** Which of these conversations were deleted after something was written for them. */
  async shutAmong(
    conversationIds: readonly string[],
    writtenAt: Date,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const found = await this.conversations.findMany(conversationIds, signal);
    const shut = found.filter((conversation) => isDeletedWith(conversation, writtenAt));
    return new Set(shut.map(({ conversationId }) => conversationId));
  }
}
