import { Inject, Injectable, Optional } from '@nestjs/common';
import { ConversationMembers } from '../../../ports/messages/conversation-members.js';
import type { Page, PageRequest } from '../../../ports/page.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { pageOf } from '../page-of.js';
import { eraseNext } from '../traces.js';

interface Membership {
  readonly conversationId: string;
  readonly memberId: string;
}

/** Members of conversations in memory. Forgets none, since a stranger could found their conversation: a full one refuses new ones. */
@Injectable()
export class InMemoryConversationMembers extends ConversationMembers {
  override readonly holds = 'conversation members';
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
    return answer(signal, () => this.#remove({ conversationId, memberId }));
  }

  override isMember(conversationId: string, memberId: string, signal?: AbortSignal): Promise<boolean> {
    return answer(signal, () => this.#conversations.get(conversationId)?.has(memberId) === true);
  }

  override hasOthers(
    conversationId: string,
    memberId: string,
    signal?: AbortSignal,
  ): Promise<boolean | null> {
    return answer(signal, () => {
      const members = this.#membersOf(conversationId);
      if (members.size === 0) return null;
      return members.size > (members.has(memberId) ? 1 : 0);
    });
  }

  override listConversationsOf(
    memberId: string,
    page?: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<string>> {
    return answer(signal, () => {
      return pageOf(this.#conversationsOf(memberId), (id) => [0, id], 'oldest-first', page);
    });
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.#tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () =>
      eraseNext(this.#tracesOf(target), limit, (membership) => this.#remove(membership)),
    );
  }

  #conversationsOf(memberId: string): string[] {
    return this.#conversations.keys().filter((id) => this.#conversations.get(id)?.has(memberId));
  }

  #remove({ conversationId, memberId }: Membership): boolean {
    const members = this.#membersOf(conversationId);
    if (!members.delete(memberId)) return false;
    if (members.size === 0) this.#conversations.delete(conversationId);
    else this.#put(conversationId, members);
    return true;
  }

  #membersOf(conversationId: string, more: readonly string[] = []): Set<string> {
    return new Set([...(this.#conversations.get(conversationId) ?? []), ...more]);
  }

  /** @throws InMemoryStoreFullError */
  #put(conversationId: string, members: ReadonlySet<string>): void {
    this.#conversations.setOrRefuse(conversationId, members, 'ConversationMembers');
  }

  #tracesOf(target: TraceTarget): Membership[] {
    if (target.kind === 'messages' || target.kind === 'deletions') return [];
    if (target.kind === 'conversation') {
      const { conversationId } = target;
      return [...this.#membersOf(conversationId)].map((memberId) => ({ conversationId, memberId }));
    }
    const { subjectId: memberId } = target;
    const left = new Set(target.exceptConversations);
    return this.#conversationsOf(memberId)
      .filter((conversationId) => !left.has(conversationId))
      .map((conversationId) => ({ conversationId, memberId }));
  }
}
