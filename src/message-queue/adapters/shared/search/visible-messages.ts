import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import { isDeletedWith } from '../../../ports/messages/conversation-store.js';
import type { ConversationMembers } from '../../../ports/messages/conversation-members.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';

/** The stores that say who may see what; a search index that has no database in common with them asks these. */
export interface MessageFacts {
  /** Which conversations were deleted, and when. */
  readonly conversations?: ConversationStore;
  /** Whose conversations they are. */
  readonly members?: ConversationMembers;
  /** Which messages were recalled, or are being removed. */
  readonly messages?: MessageStore;
}

/** What is asked about a message. */
interface Located {
  readonly messageId: string;
  readonly conversationId: string;
  readonly createdAt: Date;
}

/** Of some messages those that nothing hides, in their order. @param found at most 10 000 */
export async function visibleAmong<T extends Located>(
  { conversations, messages }: MessageFacts,
  found: readonly T[],
  signal?: AbortSignal,
): Promise<T[]> {
  if (found.length === 0) return [];
  const ids = [...new Set(found.map(({ conversationId }) => conversationId))];
  const marks = (await conversations?.findMany(ids, signal)) ?? [];
  const marked = new Map(marks.map((mark) => [mark.conversationId, mark]));
  const left = found.filter(
    ({ conversationId, createdAt }) => !isDeletedWith(marked.get(conversationId), createdAt),
  );
  const hidden = await messages?.hiddenAmong(
    left.map(({ messageId }) => messageId),
    signal,
  );
  const isHidden = new Set(hidden);
  return left.filter(({ messageId }) => !isHidden.has(messageId));
}
