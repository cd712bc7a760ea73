import type { ConversationMembers } from '../../../ports/messages/conversation-members.js';
import type { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { CleanupStore } from '../../../ports/messages/cleanup-store.js';
import type { MessageStore } from '../../../ports/messages/message-store.js';
import type { SearchDocument, SearchIndex, SearchOptions } from '../../../ports/search-index.js';
import { at } from '../contract-values.js';

/** An index and the stores that it looks up who may see what in. */
export interface SearchSubject {
  readonly index: SearchIndex;
  readonly cleanup: CleanupStore;
  readonly conversations: ConversationStore;
  readonly members: ConversationMembers;
  readonly messages: MessageStore;
}

/** The version of a document that a test gives none. */
export const VERSION = Date.UTC(2026, 2, 14);

/** A document of one conversation and sender, with whatever the test needs else. */
export function aDocument(
  messageId: string,
  content: string,
  fields: Partial<SearchDocument> = {},
): SearchDocument {
  const people = { conversationId: 'conversation-1', senderId: 'ana' };
  return { messageId, content, ...people, createdAt: at(0), version: VERSION, ...fields };
}

/** Ids of the messages that a search finds, in the order of the alphabet. */
export async function found(index: SearchIndex, text: string, options?: SearchOptions): Promise<string[]> {
  return (await index.search(text, options)).items.map((hit) => hit.messageId).sort();
}
