import { Inject, Injectable, Optional } from '@nestjs/common';
import { ConversationMembers } from '../../../ports/messages/conversation-members.js';
import { ConversationStore } from '../../../ports/messages/conversation-store.js';
import { MessageStore } from '../../../ports/messages/message-store.js';
import type { Page } from '../../../ports/page.js';
import { SearchIndex } from '../../../ports/search-index.js';
import type { IndexOutcome, SearchDocument, SearchHit, SearchOptions } from '../../../ports/search-index.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { highlight } from '../../shared/search/search-highlights.js';
import { queryTerms, recipientTerm, textTerms } from '../../shared/search/search-terms.js';
import type { QueryTerm, WordTerm } from '../../shared/search/search-terms.js';
import { visibleAmong } from '../../shared/search/visible-messages.js';
import type { MessageFacts } from '../../shared/search/visible-messages.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { pageOf } from '../page-of.js';
import { isOfDeletion } from '../trace-targets.js';
import { eraseNext } from '../traces.js';

interface StoredDocument extends SearchDocument {
  readonly terms: ReadonlySet<string>;
}

/**
 * Full-text search in memory, by the words and in the order of the SQL stores. Forgets the documents written longest ago, which are then
 * not found, and the oldest removals: an index job that comes that late brings its message back. Who may see what it asks the stores of the
 * app, whichever they are.
 */
@Injectable()
export class InMemorySearchIndex extends SearchIndex {
  override readonly holds = 'search documents';
  private readonly documents: BoundedMap<StoredDocument>;
  /** Ids of removed messages, so that a late index job does not bring them back. */
  private readonly removed: BoundedMap<true>;
  private readonly facts: MessageFacts;

  constructor(
    @Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>,
    @Optional() conversations?: ConversationStore,
    @Optional() members?: ConversationMembers,
    @Optional() messages?: MessageStore,
  ) {
    super();
    this.facts = { conversations, members, messages };
    this.documents = new BoundedMap(limits, ({ content }) => content.length);
    this.removed = new BoundedMap(limits);
  }

  override indexMany(documents: readonly SearchDocument[], signal: AbortSignal): Promise<IndexOutcome[]> {
    return answer(signal, () =>
      documents.map((document) => {
        if (this.removed.has(document.messageId)) return 'deleted';
        const stored = this.documents.get(document.messageId);
        if (stored !== undefined && stored.version > document.version) return 'stale';
        const { recipientIds = [], ...rest } = document;
        const terms = new Set([...textTerms(document.content), ...recipientIds.map(recipientTerm)]);
        this.documents.set(document.messageId, { ...rest, terms });
        return 'indexed';
      }),
    );
  }

  override removeMany(messageIds: readonly string[], removedAt: Date, signal: AbortSignal): Promise<void> {
    return answer(signal, () => {
      for (const id of messageIds) this.bury(id);
    });
  }

  override async search(text: string, options: SearchOptions = {}): Promise<Page<SearchHit>> {
    const { signal, conversationId, senderId, readerId } = options;
    signal?.throwIfAborted();
    const wanted = queryTerms(text);
    const found = this.documents
      .values()
      .filter(
        (document) =>
          (conversationId === undefined || document.conversationId === conversationId) &&
          (senderId === undefined || document.senderId === senderId) &&
          wanted.length > 0 &&
          wanted.every((term) => isIn(document.terms, term)),
      );
    const seen = await visibleAmong(this.facts, await this.readableBy(readerId, found, signal), signal);
    const { items, nextCursor } = pageOf(
      seen,
      (document) => [document.createdAt.getTime(), document.messageId],
      'newest-first',
      options,
    );
    return { items: items.map((document) => hitOf(document, wanted)), nextCursor };
  }

  override countTraces(target: TraceTarget, signal: AbortSignal): Promise<number> {
    return answer(signal, () => this.tracesOf(target).length);
  }

  override eraseTraces(target: TraceTarget, limit: number, signal: AbortSignal): Promise<number> {
    return answer(signal, () => {
      const erased = eraseNext(this.tracesOf(target), limit, ({ messageId }) => this.bury(messageId));
      // Also what was never seen: a late index must not bring it.
      if (target.kind === 'messages' && erased < limit) for (const id of target.messageIds) this.bury(id);
      return erased;
    });
  }

  /** None: what is here was folded by this process. */
  override countOutdated(signal: AbortSignal): Promise<number> {
    return answer(signal, () => 0);
  }

  override refold(limit: number, signal: AbortSignal): Promise<number> {
    return this.countOutdated(signal);
  }

  private async readableBy(
    readerId: string | undefined,
    found: readonly StoredDocument[],
    signal: AbortSignal | undefined,
  ): Promise<readonly StoredDocument[]> {
    if (readerId === undefined) return found;
    const mark = recipientTerm(readerId);
    const isOwn = (document: StoredDocument): boolean =>
      document.senderId === readerId || document.terms.has(mark);
    const others = new Set(found.filter((one) => !isOwn(one)).map(({ conversationId }) => conversationId));
    for (const id of others) {
      if ((await this.facts.members?.isMember(id, readerId, signal)) !== true) others.delete(id);
    }
    return found.filter((document) => isOwn(document) || others.has(document.conversationId));
  }

  private tracesOf(target: TraceTarget): SearchDocument[] {
    return this.documents.values().filter(isTraceOf(target));
  }

  private bury(messageId: string): void {
    this.documents.delete(messageId);
    this.removed.set(messageId, true);
  }
}

function isTraceOf(target: TraceTarget): (document: SearchDocument) => boolean {
  switch (target.kind) {
    case 'messages': {
      const ids = new Set(target.messageIds);
      return ({ messageId }) => ids.has(messageId);
    }
    case 'conversation':
      return ({ conversationId }) => conversationId === target.conversationId;
    case 'deletions': {
      const isOf = isOfDeletion(target.deletions);
      return ({ conversationId, createdAt }) => isOf(conversationId, createdAt);
    }
    case 'subject': {
      const left = new Set(target.exceptConversations);
      return ({ senderId, conversationId }) => senderId === target.subjectId && !left.has(conversationId);
    }
  }
}

function isIn(terms: ReadonlySet<string>, wanted: QueryTerm): boolean {
  return holds(terms, wanted) || wanted.orAll?.every((part) => holds(terms, part)) === true;
}

function holds(terms: ReadonlySet<string>, { term, isPrefix }: WordTerm): boolean {
  if (terms.has(term)) return true;
  if (isPrefix) for (const one of terms) if (one.startsWith(term)) return true;
  return false;
}

function hitOf(document: StoredDocument, wanted: readonly QueryTerm[]): SearchHit {
  const { messageId, conversationId, senderId, createdAt, content } = document;
  return { messageId, conversationId, senderId, createdAt, highlights: highlight(content, wanted) };
}
