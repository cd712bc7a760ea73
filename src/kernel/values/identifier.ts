const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$-]{0,39}$/u;

/** Whether a name looks like one that a programmer gave: an identifier, dashes allowed, of at most 40 characters. Any other may be content. */
export function looksLikeIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}
