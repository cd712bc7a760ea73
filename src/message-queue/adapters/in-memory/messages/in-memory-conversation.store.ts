import { Injectable } from '@nestjs/common';
import { ConversationStore } from '../../../ports/messages/conversation-store.js';
import type { ConversationState } from '../../../ports/messages/conversation-store.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { InMemoryMessages } from './in-memory-messages.js';
import { eraseNext } from '../traces.js';

/** Marks of conversations in memory. Forgets none, since what was deleted would be seen again: a full one refuses new marks. */
@Injectable()
export class InMemoryConversationStore extends ConversationStore {
  override readonly holds = 'conversation marks';
  constructor(private readonly data: InMemoryMessages) {
    super();
  }

  override markDeleted(conversationId: string, at: Date, signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      const state = this.stateOf(conversationId);
      const deletedAt = state.deletedAt !== null && state.deletedAt > at ? state.deletedAt : at;
      this.data.putConversation({ ...state, deletedAt });
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

  override findMany(
    conversationIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly ConversationState[]> {
    return answer(signal, () =>
      [...new Set(conversationIds)].flatMap((conversationId) => this.data.conversation(conversationId) ?? []),
    );
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.tracesOf(target), limit, ({ conversationId }) =>
        this.data.removeConversation(conversationId),
      ),
    );
  }

  private stateOf(conversationId: string): ConversationState {
    return this.data.conversation(conversationId) ?? { conversationId, deletedAt: null, legalHold: false };
  }

  private tracesOf(target: TraceTarget): ConversationState[] {
    if (target.kind !== 'conversation') return [];
    const state = this.data.conversation(target.conversationId);
    return state === undefined || state.legalHold ? [] : [state];
  }
}
