/** Characters that a terminal or a log reader acts on: controls, line separators, and those that turn the direction of text. */
const ACTIVE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
/** What V8 and lists put at the beginning of a further line, and where their items go on: no reader of a log takes an indented line for one of its own. */
const LINE_BREAK = /\n(?= {4}at | {2}- | {6}\S)/;

/**
 * A text that came from outside, for one line of a log: control characters, line breaks too, become escapes such as `\u000a` and `\u001b`, so
 * that it forges no line and moves no cursor; a long one is cut.
 * @param length the longest result, in characters, before escapes. Default 500.
 */
export function printable(text: string, length = 500): string {
  return escaped(text.length > length ? `${text.slice(0, length - 1)}…` : text);
}

/** As {@link printable}, of any length. */
export function escaped(text: string): string {
  return text.replace(ACTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As {@link escaped}, but that the frames of a stack and the items of a list stay lines of their own. */
export function escapedLines(text: string): string {
  return text.split(LINE_BREAK).map(escaped).join('\n');
}
