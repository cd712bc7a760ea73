/** Longest text of an error that is kept with a job, in characters. */
export const LONGEST_ERROR_TEXT = 2_000;

const ELLIPSIS = '…';
const ELLIPSIS_BYTES = Buffer.byteLength(ELLIPSIS);

/** The text, cut to at most `length` characters (default 2 000); a cut one ends with `…`. */
export function boundedText(text: string, length = LONGEST_ERROR_TEXT): string {
  return text.length > length ? beginning(text, length - 1) : text;
}

/** The text, cut to at most `bytes` bytes as JSON without its quotes (UTF-8, escapes counted); a cut one ends with `…`. */
export function boundedJson(text: string, bytes: number): string {
  let kept = boundedText(text, Math.max(bytes, 1));
  for (let size = jsonBytes(kept); size > bytes; size = jsonBytes(kept)) {
    if (bytes < ELLIPSIS_BYTES || kept === ELLIPSIS) return '';
    // In proportion, and never less than one character.
    const length = Math.min(kept.length - 2, Math.floor((kept.length * bytes) / size));
    kept = beginning(text, Math.max(0, length));
  }
  return kept;
}

/** How many bytes a text takes as JSON, without its quotes. */
export function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** Never half of a character that takes two units. */
function beginning(text: string, units: number): string {
  return text.slice(0, units).replace(/[\uD800-\uDBFF]$/, '') + ELLIPSIS;
}
