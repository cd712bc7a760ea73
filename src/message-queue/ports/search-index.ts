import type { Page, PageRequest } from './page.js';
import { TraceHolder } from './privacy/trace-holder.js';

/** A message as the index keeps it; always complete, there are no partial updates. */
export interface SearchDocument {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderId: string;
  /** Plain text: markup stripped, Unicode normalised (NFC), capped. */
  readonly content: string;
  readonly createdAt: Date;
  /** Milliseconds since the epoch of the last change of the message. A lower version never overwrites a higher one. */
  readonly version: number;
}

/** `stale`: a newer version is in the index. `deleted`: the message was removed before, and stays so. */
export type IndexOutcome = 'indexed' | 'stale' | 'deleted';

/** A piece of a hit's text; markup in `text` is text. */
export interface HighlightSegment {
  readonly text: string;
  readonly isMatch: boolean;
}

/** One found message. */
export interface SearchHit {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly createdAt: Date;
  /** An excerpt around the first match, at most about 200 characters. */
  readonly highlights: readonly HighlightSegment[];
}

/** Narrows a search. */
export interface SearchOptions extends PageRequest {
  /**
   * Who is asking: finds only what this person may see, that is in conversations that they are a member of, and what they sent or were sent. A
   * host that shows hits to people always gives it. Default: everything that nobody deleted.
   */
  readonly readerId?: string;
  readonly conversationId?: string;
  readonly senderId?: string;
  readonly signal?: AbortSignal;
}

/**
 * Full-text search over messages. Unique key: `messageId`. Its traces are documents: of a subject those that the person wrote. Whatever it
 * erases leaves a tombstone, as `removeMany` does: of a target of messages also where it never saw one.
 */
export abstract class SearchIndex extends TraceHolder {
  /**
   * Writes documents; outcomes in their order. The same version again replaces, a lower one is `stale`, and a removed message is
   * never written again (a late index does not undo a delete): checked in the same statement as the write.
   */
  abstract indexMany(documents: readonly SearchDocument[], signal: AbortSignal): Promise<IndexOutcome[]>;

  /**
   * Removes messages for good, whatever version is stored, and leaves a tombstone for each, also for ids it never saw.
   * @param removedAt when, for adapters that forget tombstones after a time
   */
  abstract removeMany(messageIds: readonly string[], removedAt: Date, signal: AbortSignal): Promise<void>;

  /**
   * Finds messages that hold every word of `text` (the last one also as a beginning), best or newest first.
   * `text` is words a user typed: no character of it is query syntax. A text without a word finds nothing.
   */
  abstract search(text: string, options?: SearchOptions): Promise<Page<SearchHit>>;
}
