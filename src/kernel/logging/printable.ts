/** Characters that a terminal or a log reader acts on: controls, line separators, and those that turn the direction of text. */
const ACTIVE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * A text that came from outside, for one line of a log: control characters, line breaks too, become escapes such as `\n` and `\u001b`, so that
 * it forges no line and moves no cursor; a long one is cut.
 * @param length the longest result, in characters, before escapes. Default 500.
 */
export function printable(text: string, length = 500): string {
  const cut = text.length > length ? `${text.slice(0, length - 1)}…` : text;
  return cut.replace(ACTIVE, escaped);
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  return NAMED[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
