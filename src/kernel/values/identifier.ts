const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$-]{0,39}$/u;

/** Whether a name looks like one that a programmer gave: an identifier, dashes allowed, of at most 40 characters. Any other may be content. */
export function looksLikeIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

/** A name that somebody sent, as errors may repeat it: as it is where it looks like one, or is a position in a list. */
export function shownName(name: string): string {
  return looksLikeIdentifier(name) || /^\d{1,6}$/.test(name) ? name : '(a name that is not shown)';
}
