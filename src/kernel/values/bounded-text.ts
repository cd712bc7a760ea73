/** Longest text of an error that is kept with a job, in characters. */
export const LONGEST_ERROR_TEXT = 2_000;

/** The text, cut to at most `length` characters (default 2 000); a cut one ends with `…`. */
export function boundedText(text: string, length = LONGEST_ERROR_TEXT): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
