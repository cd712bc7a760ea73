import type { SearchOptions } from '../../ports/search-index.js';
import type { MessageFacts } from '../shared/search/visible-messages.js';
import { visibleAmong } from '../shared/search/visible-messages.js';
import type { FoundMessage, IndexClient } from './index-client.js';
import { cursorAfter, hitsPerPage, sortValuesOf } from './page-cursor.js';
import type { SortValues } from './page-cursor.js';
import { ORDER, readerQuery } from './search-queries.js';
import { SearchScopeTooWideError } from './search-scope-too-wide.error.js';

const SOURCE = ['messageId', 'conversationId', 'senderId', 'createdAt', 'content'];
/** Conversations of a person in one query; clusters take 65 536 terms by default. */
const MAX_CONVERSATIONS = 50_000;
const MEMBERSHIPS_PER_PAGE = 500;
/** Hits that a page goes through at most when most of them are hidden: some thousands. */
const MAX_ROUNDS = 10;
const HITS_PER_ROUND = 500;

/** Hits of a page, and where the next one begins. */
export interface HitPage {
  readonly hits: readonly FoundMessage[];
  readonly nextCursor: string | null;
}

/** Reads pages of hits that whoever asks may see: what the cluster does not know it asks the stores of the app. */
export class HitReader {
  constructor(
    private readonly index: IndexClient,
    private readonly facts: MessageFacts,
  ) {}

  /** What a search is limited to, as a query; null: nothing. @throws SearchScopeTooWideError */
  async readable({ readerId, conversationId, signal }: SearchOptions): Promise<object | null> {
    if (readerId === undefined) return null;
    if (conversationId === undefined)
      return readerQuery(readerId, await this.conversationsOf(readerId, signal));
    const isMember = await this.facts.members?.isMember(conversationId, readerId, signal);
    return isMember === true ? null : readerQuery(readerId, []);
  }

  /**
   * The next page. Hidden hits are left out and the page is filled with those that follow; where thousands are hidden it ends early, and the next
   * one goes on from there.
   * @throws SearchClusterError, InvalidCursorError
   */
  async page(query: object, options: SearchOptions): Promise<HitPage> {
    const limit = hitsPerPage(options);
    const hits: FoundMessage[] = [];
    let after = sortValuesOf(options);
    for (let round = 0, size = limit + 1; round < MAX_ROUNDS; round += 1, size = HITS_PER_ROUND) {
      const request = {
        query,
        sort: ORDER,
        size,
        ...(after !== null && { search_after: after }),
        _source: SOURCE,
      };
      const found = await this.index.search(request, options.signal);
      hits.push(...(await this.visible(found, options.signal)));
      const last = hits.length > limit ? hits[limit - 1] : undefined;
      if (last !== undefined) return { hits: hits.slice(0, limit), nextCursor: cursorAfter(last.sort) };
      const reached: SortValues | undefined = found.at(-1)?.sort;
      if (found.length < size || reached === undefined) return { hits, nextCursor: null };
      after = reached;
    }
    return { hits, nextCursor: after === null ? null : cursorAfter(after) };
  }

  /** Searches see a removal within the refresh interval only; a read of the documents themselves sees it at once. */
  private async visible(found: readonly FoundMessage[], signal?: AbortSignal): Promise<FoundMessage[]> {
    const located = found.map((hit) => ({ ...hit._source, createdAt: new Date(hit._source.createdAt), hit }));
    const left = await visibleAmong(this.facts, located, signal);
    const stored = await this.index.stored(
      left.map(({ messageId }) => messageId),
      signal,
    );
    return left.filter(({ messageId }) => stored.get(messageId) === 'message').map(({ hit }) => hit);
  }

  private async conversationsOf(readerId: string, signal?: AbortSignal): Promise<string[]> {
    const { members } = this.facts;
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await members?.listConversationsOf(
        readerId,
        { limit: MEMBERSHIPS_PER_PAGE, cursor },
        signal,
      );
      ids.push(...(page?.items ?? []));
      cursor = page?.nextCursor ?? undefined;
      if (ids.length > MAX_CONVERSATIONS) throw new SearchScopeTooWideError(MAX_CONVERSATIONS);
    } while (cursor !== undefined);
    return ids;
  }
}
