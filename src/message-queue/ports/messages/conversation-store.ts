import { TraceHolder } from '../privacy/trace-holder.js';

/** What a clean-up needs to know about a conversation. */
export interface ConversationState {
  readonly conversationId: string;
  /** When its users deleted it last: what was written until then is gone, what comes later lives. Null: never. */
  readonly deletedAt: Date | null;
  /** Nothing in it may be removed by any clean-up. */
  readonly legalHold: boolean;
}

/**
 * Whether the deletion of its conversation hides what was written at this time. The one rule that every store, search index and processor
 * follows: what is as old as the deletion, or older, is gone from every read at once; what was written later is as alive as in any other
 * conversation.
 */
export function isDeletedWith(
  conversation: Pick<ConversationState, 'deletedAt'> | null | undefined,
  writtenAt: Date,
): boolean {
  const deletedAt = conversation?.deletedAt ?? null;
  return deletedAt !== null && writtenAt <= deletedAt;
}

/** Marks on conversations, which are its traces. A conversation without a mark needs no entry. */
export abstract class ConversationStore extends TraceHolder {
  /**
   * Hides at once what was written in the conversation until then, by the rule of {@link isDeletedWith}; the `deleted_conversations`
   * clean-up removes it. A conversation may live on, and be deleted again: the latest time counts.
   */
  abstract markDeleted(conversationId: string, at: Date, signal?: AbortSignal): Promise<void>;

  /** Sets or lifts the legal hold. */
  abstract setLegalHold(conversationId: string, held: boolean, signal?: AbortSignal): Promise<void>;

  /** The marks, or null when there are none. */
  abstract find(conversationId: string, signal?: AbortSignal): Promise<ConversationState | null>;

  /** The marks of those that have some, in any order. @param conversationIds at most 10 000; repeats count once */
  abstract findMany(
    conversationIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly ConversationState[]>;
}
