import type { TraceTarget } from '../../ports/privacy/trace-holder.js';
import type { SearchOptions } from '../../ports/search-index.js';
import { FOLDING_MARK_START, OLDER_FOLDING_MARKS } from '../shared/search/folding-mark.js';
import { recipientTerm } from '../shared/search/search-terms.js';
import type { QueryTerm, WordTerm } from '../shared/search/search-terms.js';

/** The newest first. */
export const ORDER = [{ createdAt: 'desc' }, { messageId: 'desc' }];

/** What a search finds. @param reader what whoever asks may see, of {@link readerQuery} */
export function foundQuery(
  terms: readonly QueryTerm[],
  options: SearchOptions,
  reader: object | null,
): object {
  const filter = [...terms.map(termQuery), ...scopeQueries(options), ...(reader === null ? [] : [reader])];
  return { bool: { filter } };
}

/** What somebody sent or was sent, and what is in these conversations of theirs. */
export function readerQuery(readerId: string, conversationIds: readonly string[]): object {
  return anyOf([
    ...scopeQueries({ senderId: readerId }),
    { term: { terms: { value: recipientTerm(readerId) } } },
    { terms: { conversationId: conversationIds } },
  ]);
}

/** The documents of a target. Tombstones have neither of its fields. */
export function traceQuery(target: Exclude<TraceTarget, { kind: 'messages' }>): object {
  if (target.kind === 'conversation') return { bool: { filter: scopeQueries(target) } };
  if (target.kind === 'deletions') {
    return anyOf(
      target.deletions.map(({ conversationId, deletedAt }) => ({
        bool: {
          filter: [
            ...scopeQueries({ conversationId }),
            { range: { createdAt: { lte: deletedAt.getTime() } } },
          ],
        },
      })),
    );
  }
  const { subjectId: senderId, exceptConversations } = target;
  return {
    bool: {
      filter: scopeQueries({ senderId }),
      must_not: [{ terms: { conversationId: exceptConversations } }],
    },
  };
}

/** Documents with an older mark of folding or without one, and no tombstones. */
export function outdatedQuery(): object {
  const unmarked = { bool: { must_not: [{ prefix: { terms: { value: FOLDING_MARK_START } } }] } };
  return {
    bool: {
      filter: [anyOf([unmarked, { terms: { terms: OLDER_FOLDING_MARKS } }])],
      must_not: [{ term: { removed: { value: true } } }],
    },
  };
}

function anyOf(should: readonly object[]): object {
  return { bool: { should, minimum_should_match: 1 } };
}

/** The term, or else all of its parts. */
function termQuery(term: QueryTerm): object {
  const { orAll = [] } = term;
  if (orAll.length === 0) return wordQuery(term);
  return anyOf([wordQuery(term), { bool: { filter: orAll.map(wordQuery) } }]);
}

function wordQuery({ term, isPrefix }: WordTerm): object {
  return isPrefix ? { prefix: { terms: { value: term } } } : { term: { terms: { value: term } } };
}

function scopeQueries({
  conversationId,
  senderId,
}: Pick<SearchOptions, 'conversationId' | 'senderId'>): object[] {
  return Object.entries({ conversationId, senderId }).flatMap(([field, value]) =>
    value === undefined ? [] : [{ term: { [field]: { value } } }],
  );
}
