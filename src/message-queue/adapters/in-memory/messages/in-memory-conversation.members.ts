import { Inject, Injectable, Optional } from '@nestjs/common';
import { ConversationMembers } from '../../../ports/messages/conversation-members.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';

/** Members of conversations in memory. Forgets none, since a stranger could found their conversation: a full one refuses new ones. */
@Injectable()
export class InMemoryConversationMembers extends ConversationMembers {
  readonly #conversations: BoundedMap<ReadonlySet<string>>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.#conversations = new BoundedMap(limits, (members) => [...members].join('').length);
  }

  override found(
    conversationId: string,
    memberIds: readonly [string, ...string[]],
    signal?: AbortSignal,
  ): Promise<boolean> {
    return answer(signal, () => {
      if (this.#conversations.has(conversationId)) return false;
      this.#put(conversationId, new Set(memberIds));
      return true;
    });
  }

  override add(conversationId: string, memberIds: readonly string[], signal?: AbortSignal): Promise<void> {
    return answer(signal, () => {
      if (memberIds.length > 0) this.#put(conversationId, this.#membersOf(conversationId, memberIds));
    });
  }

  override remove(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean> {
    return answer(signal, () => {
      const members = this.#membersOf(conversationId);
      if (!members.delete(memberId)) return false;
      if (members.size === 0) this.#conversations.delete(conversationId);
      else this.#put(conversationId, members);
      return true;
    });
  }

  override isMember(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean> {
    return answer(signal, () => this.#conversations.get(conversationId)?.has(memberId) === true);
  }

  #membersOf(conversationId: string, more: readonly string[] = []): Set<string> {
    return new Set([...(this.#conversations.get(conversationId) ?? []), ...more]);
  }

  /** @throws InMemoryStoreFullError */
  #put(conversationId: string, members: ReadonlySet<string>): void {
    this.#conversations.setOrRefuse(conversationId, members, 'ConversationMembers');
  }
}
