/** A stored time, milliseconds since the epoch, as a date. */
export function toDate(milliseconds: number): Date {
  return new Date(milliseconds);
}

/** The same for a time that may be absent. */
export function toDateOrNull(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds);
}

/**
 * Text as both databases keep it: PostgreSQL has no NUL and no half of a surrogate pair, SQLite ends text at a NUL. Each becomes
 * the replacement character U+FFFD.
 */
export function toText(text: string): string {
  return text.replace(/[\u0000\uD800-\uDFFF]/gu, '\uFFFD');
}
