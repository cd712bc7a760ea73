import { Injectable } from '@nestjs/common';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import type { ConversationState } from '../../ports/messages/conversation-store.js';
import { CallRecorder } from './call-recorder.js';
import { RecordedMessages } from './recorded-messages.js';

/** Marks of conversations in memory. */
@Injectable()
export class RecordingConversationStore extends ConversationStore {
  readonly recorder = new CallRecorder();

  constructor(private readonly data: RecordedMessages) {
    super();
  }

  override markDeleted(conversationId: string, at: Date, signal?: AbortSignal): Promise<void> {
    return this.recorder.run('markDeleted', [conversationId, at], signal, () => {
      const state = this.stateOf(conversationId);
      this.data.conversations.set(conversationId, { ...state, deletedAt: state.deletedAt ?? at });
    });
  }

  override setLegalHold(conversationId: string, held: boolean, signal?: AbortSignal): Promise<void> {
    return this.recorder.run('setLegalHold', [conversationId, held], signal, () => {
      this.data.conversations.set(conversationId, { ...this.stateOf(conversationId), legalHold: held });
      if (!held) return;
      // What a clean-up has begun to remove stays, and is seen again.
      for (const id of this.data.claimed) {
        if (this.data.messages.get(id)?.conversationId === conversationId) this.data.claimed.delete(id);
      }
    });
  }

  override find(conversationId: string, signal?: AbortSignal): Promise<ConversationState | null> {
    return this.recorder.run(
      'find',
      [conversationId],
      signal,
      () => this.data.conversations.get(conversationId) ?? null,
    );
  }

  private stateOf(conversationId: string): ConversationState {
    return (
      this.data.conversations.get(conversationId) ?? { conversationId, deletedAt: null, legalHold: false }
    );
  }
}
