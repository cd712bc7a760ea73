import type { Page, PageRequest } from '../page.js';
import { TraceHolder } from '../privacy/trace-holder.js';

/**
 * Who takes part in which conversation, and so may read it and write in it. The queues do not ask: a job is a command of the host, which asks
 * before it adds one. Its traces are memberships.
 */
export abstract class ConversationMembers extends TraceHolder {
  /**
   * Makes people the first members of a conversation that has none. Of several calls at once, one succeeds. A conversation whose
   * last member has left has none again: whoever lets strangers found conversations also asks whether messages are left in it.
   * @returns whether it did; false: there are members, and nothing has changed
   */
  abstract found(
    conversationId: string,
    memberIds: readonly [string, ...string[]],
    signal?: AbortSignal,
  ): Promise<boolean>;

  /** Adds members, at once or not at all. Who is one already stays one. */
  abstract add(conversationId: string, memberIds: readonly string[], signal?: AbortSignal): Promise<void>;

  /** Removes a member. @returns whether there was one to remove */
  abstract remove(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean>;

  /** Whether somebody is a member; false for a conversation that nobody has founded. Ids are compared character by character. */
  abstract isMember(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean>;

  /** Whether anybody but this person is a member; null for a conversation that has no members at all. */
  abstract hasOthers(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean | null>;

  /** Ids of the conversations that somebody is a member of, in a stable order. */
  abstract listConversationsOf(
    memberId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<string>>;
}
