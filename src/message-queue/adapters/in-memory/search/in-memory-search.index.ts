import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Page } from '../../../ports/page.js';
import { SearchIndex } from '../../../ports/search-index.js';
import type {
  HighlightSegment,
  IndexOutcome,
  SearchDocument,
  SearchHit,
  SearchOptions,
} from '../../../ports/search-index.js';
import type { TraceTarget } from '../../../ports/privacy/trace-holder.js';
import { answer } from '../answer.js';
import { BoundedMap, IN_MEMORY_LIMITS } from '../bounded-map.js';
import type { InMemoryLimits } from '../bounded-map.js';
import { pageOf } from '../page-of.js';
import { eraseNext } from '../traces.js';

interface Word {
  readonly folded: string;
  readonly start: number;
  readonly end: number;
}

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const EXCERPT_BEFORE = 60;
const EXCERPT_LENGTH = 200;

/** Lower case without accents. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(WORD)].map((match) => ({
    folded: fold(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/**
 * Full-text search in memory: every word must occur, the last one also as a beginning; newest first. Forgets the documents written
 * longest ago, which are then not found, and the oldest removals: an index job that comes that late brings its message back.
 */
@Injectable()
export class InMemorySearchIndex extends SearchIndex {
  override readonly holds = 'search documents';
  private readonly documents: BoundedMap<SearchDocument>;
  /** Ids of removed messages, so that a late index job does not bring them back. */
  private readonly removed: BoundedMap<true>;

  constructor(@Optional() @Inject(IN_MEMORY_LIMITS) limits?: Partial<InMemoryLimits>) {
    super();
    this.documents = new BoundedMap(limits, ({ content }) => content.length);
    this.removed = new BoundedMap(limits);
  }

  override indexMany(documents: readonly SearchDocument[], signal: AbortSignal): Promise<IndexOutcome[]> {
    return answer(signal, () =>
      documents.map((document) => {
        if (this.removed.has(document.messageId)) return 'deleted';
        const stored = this.documents.get(document.messageId);
        if (stored !== undefined && stored.version > document.version) return 'stale';
        this.documents.set(document.messageId, document);
        return 'indexed';
      }),
    );
  }

  override removeMany(messageIds: readonly string[], removedAt: Date, signal: AbortSignal): Promise<void> {
    return answer(signal, () => {
      for (const id of messageIds) this.bury(id);
    });
  }

  override search(text: string, options: SearchOptions = {}): Promise<Page<SearchHit>> {
    const { signal, ...rest } = options;
    return answer(signal, () => {
      const wanted = wordsOf(text).map((word) => word.folded);
      const found = this.documents
        .values()
        .filter(
          (document) =>
            (rest.conversationId === undefined || document.conversationId === rest.conversationId) &&
            (rest.senderId === undefined || document.senderId === rest.senderId) &&
            holdsAll(wordsOf(document.content), wanted),
        );
      const { items, nextCursor } = pageOf(
        found,
        (document) => [document.createdAt.getTime(), document.messageId],
        'newest-first',
        rest,
      );
      return { items: items.map((document) => hitOf(document, wanted)), nextCursor };
    });
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
    case 'subject': {
      const left = new Set(target.exceptConversations);
      return ({ senderId, conversationId }) => senderId === target.subjectId && !left.has(conversationId);
    }
  }
}

function matches(word: Word, wanted: readonly string[]): boolean {
  return wanted.some((want, at) =>
    at === wanted.length - 1 ? word.folded.startsWith(want) : word.folded === want,
  );
}

function holdsAll(words: readonly Word[], wanted: readonly string[]): boolean {
  return (
    wanted.length > 0 &&
    wanted.every((want, at) => {
      const isLast = at === wanted.length - 1;
      return words.some((word) => (isLast ? word.folded.startsWith(want) : word.folded === want));
    })
  );
}

function hitOf(document: SearchDocument, wanted: readonly string[]): SearchHit {
  const { messageId, conversationId, senderId, createdAt, content } = document;
  const hits = wordsOf(content).filter((word) => matches(word, wanted));
  const from = Math.max(0, (hits[0]?.start ?? 0) - EXCERPT_BEFORE);
  const to = Math.min(content.length, from + EXCERPT_LENGTH);
  const highlights: HighlightSegment[] = [];
  let at = from;
  const add = (end: number, isMatch: boolean): void => {
    if (end > at) highlights.push({ text: content.slice(at, end), isMatch });
    at = Math.max(at, end);
  };
  for (const { start, end } of hits) {
    if (start >= to) break;
    add(start, false);
    add(Math.min(end, to), true);
  }
  add(to, false);
  return { messageId, conversationId, senderId, createdAt, highlights };
}
