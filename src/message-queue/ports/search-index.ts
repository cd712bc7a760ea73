import type { Page, PageRequest } from './page.js';
import { TraceHolder } from './privacy/trace-holder.js';

/** A message as the index keeps it; always complete, there are no partial updates. */
export interface SearchDocument {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderId: string;
  /**
   * Who it was sent to: they find it also where they are no members of its conversation. Default: nobody. Kept as hashes, if at all: no id of
   * a recipient can be read from an index.
   */
  readonly recipientIds?: readonly string[];
  /** Plain text, as it was written; markup was stripped where there was some. */
  readonly content: string;
  readonly createdAt: Date;
  /**
   * A whole number below 2^53 - 1, kept exactly (`contentVersion`). A lower version never overwrites a
   * higher one.
   */
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
 * Full-text search over messages. It finds what people wrote in any script, however it was typed: upper or lower case, with accents or
 * without, composed or not, with soft hyphens or other characters that nobody sees, `O’Brien` or `obrien`.
 *
 * A message that is hidden is not found from that moment on, though its document may still be there: recalled, claimed by a clean-up, or
 * written before its conversation was deleted (`isDeletedWith`), also when its index job comes later.
 * Unique key: `messageId`. Its traces are documents: of a subject those that the person wrote. Whatever it
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

  /**
   * How many documents were folded by an older version of this adapter, so that searches may miss them. Quick when there are none.
   */
  abstract countOutdated(signal: AbortSignal): Promise<number>;

  /**
   * Folds the next of those again, in one short transaction: versions, tombstones and what is written at the same time stay as they are. Safe to
   * stop anywhere, to repeat, and to call twice at once. An adapter that folds nothing itself has none.
   * @param limit at most so many, 1 to 1 000
   * @returns how many were brought up to date; 0: none is left, or others are writing all that are
   */
  abstract refold(limit: number, signal: AbortSignal): Promise<number>;
}
