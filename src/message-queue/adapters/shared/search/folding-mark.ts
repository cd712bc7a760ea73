/**
 * How texts are folded, as a number: 1 without a mark, up to the first release that knew one. Raise it with each change of what a text's terms
 * are: documents of a lower one are folded again (`SearchIndex.refold`).
 */
const FOLDING_VERSION = 2;

/** Begins terms that stand for something else than a word; no text has it. */
export const MARKER = '\u2016';

/** Begins every mark. */
export const FOLDING_MARK_START = `${MARKER}v`;

/**
 * The last term of each document, which says how its other terms were made. It stands among them, so that a release which does not know it
 * takes it away with what it writes. Two digits: marks order as their numbers do, and after any document without one.
 */
export const FOLDING_MARK = markOf(FOLDING_VERSION);

/** Marks of older foldings; that of the first has none. */
export const OLDER_FOLDING_MARKS: readonly string[] = Array.from({ length: FOLDING_VERSION - 2 }, (_, at) =>
  markOf(at + 2),
);

function markOf(version: number): string {
  return `${FOLDING_MARK_START}${String(version).padStart(2, '0')}`;
}
