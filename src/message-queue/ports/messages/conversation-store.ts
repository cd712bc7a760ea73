import { TraceHolder } from '../privacy/trace-holder.js';

/** What a clean-up needs to know about a conversation. */
export interface ConversationState {
  readonly conversationId: string;
  /** When it was deleted by its users; null while it lives. */
  readonly deletedAt: Date | null;
  /** Nothing in it may be removed by any clean-up. */
  readonly legalHold: boolean;
}

/** Marks on conversations, which are its traces. A conversation without a mark needs no entry. */
export abstract class ConversationStore extends TraceHolder {
  /** Hides the conversation at once; its messages are removed by the `deleted_conversations` clean-up. The first time stays. */
  abstract markDeleted(conversationId: string, at: Date, signal?: AbortSignal): Promise<void>;

  /** Sets or lifts the legal hold. */
  abstract setLegalHold(conversationId: string, held: boolean, signal?: AbortSignal): Promise<void>;

  /** The marks, or null when there are none. */
  abstract find(conversationId: string, signal?: AbortSignal): Promise<ConversationState | null>;
}
