import type { Deletion } from '../privacy/trace-holder.js';

/** Which messages a clean-up by age is about: created before, or hidden by the deletion of their conversation, which was before. */
export interface AgedMessages {
  readonly kind: 'old_messages' | 'deleted_conversations';
  readonly before: Date;
}

/** Which messages a clean-up is about. */
export type CleanupSelection =
  | AgedMessages
  | { readonly kind: 'conversation'; readonly conversationId: string }
  /** What a person wrote, but not in these conversations. */
  | {
      readonly kind: 'sender';
      readonly senderId: string;
      readonly exceptConversations: readonly string[];
    }
  | { readonly kind: 'message'; readonly messageId: string };

/**
 * Removes messages in steps of two: `claim` hides the next ones, the caller purges what other stores hold of them (index,
 * envelopes, attachments), `removeClaimed` ends it. A crash in between leaves a claim that the next `claim` returns first.
 * A conversation under legal hold is never counted or claimed. Each call is one short transaction.
 */
export abstract class CleanupStore {
  /** How many messages the selection holds, claimed ones among them. Changes nothing. */
  abstract count(selection: CleanupSelection, signal: AbortSignal): Promise<number>;

  /**
   * Hides the next messages of the selection, oldest first, and returns their ids, unfinished claims of earlier runs first;
   * at most `limit`. A clean-up by age ends the claims of all runs, any other selection its own messages' only. The hold is checked
   * in the statement that claims. Empty: nothing is left.
   */
  abstract claim(selection: CleanupSelection, limit: number, signal: AbortSignal): Promise<readonly string[]>;

  /** Removes claimed messages with their recipients' status; unknown or unclaimed ids are left alone. @returns how many */
  abstract removeClaimed(messageIds: readonly string[], signal: AbortSignal): Promise<number>;

  /**
   * Conversations that were deleted before `before`, with the time that counts, the earliest first (then by id); none under legal hold.
   * @param after the last one of the page before; null: from the start
   */
  abstract listDeletions(
    before: Date,
    limit: number,
    after: Deletion | null,
    signal: AbortSignal,
  ): Promise<readonly Deletion[]>;

  /** Removes the marks of conversations deleted before `before` that hide no message any more. @returns how many */
  abstract removeEmptyConversations(before: Date, limit: number, signal: AbortSignal): Promise<number>;

  /** Removes notices of messages that were recalled before `before`; who has not come back by then is not told. @returns how many */
  abstract removeOldRecalls(before: Date, limit: number, signal: AbortSignal): Promise<number>;
}
