import { Injectable } from '@nestjs/common';
import { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { ConversationState } from '../../../ports/messages/conversation-store.js';
import { answer } from '../answer.js';
import { InMemoryMessages } from './in-memory-messages.js';

/** Marks of conversations in memory. Forgets none, since what was deleted would be seen again: a full one refuses new marks. */
@Injectable()
export class InMemoryConversationStore extends ConversationStore {
  constructor(private readonly data: InMemoryMessages) {
    super();
  }

  override markDeleted(conversationId: string, at: Date, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const state = this.stateOf(conversationId);
      this.data.putConversation({ ...state, deletedAt: state.deletedAt ?? at });
    });
  }

  override setLegalHold(conversationId: string, held: boolean, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      this.data.putConversation({ ...this.stateOf(conversationId), legalHold: held });
    });
  }

  override find(conversationId: string, signal?: AbortSignal): Promise<ConversationState | null> {
    return answer(signal, () => this.data.conversation(conversationId) ?? null);
  }

  private stateOf(conversationId: string): ConversationState {
    return this.data.conversation(conversationId) ?? { conversationId, deletedAt: null, legalHold: false };
  }
}
