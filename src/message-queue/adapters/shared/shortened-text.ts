const ELLIPSIS = '…';

/** What a person sees as one character: a letter with its marks, a flag, a family of emoji. */
const CHARACTERS = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * The longest beginning of a text that is small enough, cut between two characters as people see them, with `…` for what is missing. A text
 * that is small enough stays as it is.
 * @param text any text
 * @param size of a candidate, in whatever the limit counts: bytes of a push, units of an SMS; a longer beginning is never smaller
 * @param limit the largest size that is small enough
 * @returns null when not even `…` alone is small enough
 */
export function shortenedText(text: string, size: (text: string) => number, limit: number): string | null {
  if (size(text) <= limit) return text;
  const ends = [0, ...[...CHARACTERS.segment(text)].map(({ index, segment }) => index + segment.length)];
  const upTo = (count: number): string => `${text.slice(0, ends[count]).trimEnd()}${ELLIPSIS}`;
  const fits = (count: number): boolean => size(upTo(count)) <= limit;
  if (!fits(0)) return null;
  // The last character goes in any case: the whole text did not fit.
  let [most, tooMany] = [0, ends.length - 1];
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return upTo(most);
}
