const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const LONGEST_MS = 24 * 3_600_000;
/** Servers count in whole seconds, and from when they saw us. */
const MARGIN_MS = 1_000;

/** `again in 300 seconds`, `retry after 5 min`, `greylisted for 1 hour`. */
const WORDS =
  /\b(?:again|retry|later|back|wait|greylist(?:ed|ing)?|in|after|for)[\s:,(]{1,3}(?:(?:in|after|for|at least|about)\s)?(\d{1,5})\s*(s|m|h)(?:ec(?:ond)?s?|in(?:ute)?s?|(?:ou)?rs?)?\b/i;
/** `come back in 00:05:00`, `retry in 5:00`. */
const CLOCK = /\b(?:in|after|wait|retry)\s(?:(\d{1,2}):)?(\d{1,2}):(\d{2})\b/i;

/**
 * How long a server asks to be left alone, in its own words, for which there is no form: as many servers that greylist say it.
 * @returns milliseconds, up to a day; null when it does not say, or not clearly
 */
export function namedWait(words: string): number | null {
  const [, amount, unit] = WORDS.exec(words) ?? [];
  const [, hours = '0', minutes, seconds] = CLOCK.exec(words) ?? [];
  const ms =
    amount !== undefined && unit !== undefined
      ? Number(amount) * (UNIT_MS[unit.toLowerCase()] ?? 0)
      : Number(hours) * 3_600_000 + Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000;
  return ms > 0 && ms <= LONGEST_MS ? ms + MARGIN_MS : null;
}
