const LONGEST_KIND = 200;

/** What messages about the same thing have in common: ids and numbers become `#`. At most 200 characters. */
export function messageKind(message: string): string {
  return message
    .slice(0, 2 * LONGEST_KIND)
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '#')
    .replace(/\bm_[\w-]{16}\b/g, '#')
    .replace(/\b[0-9a-f]{16,}\b/gi, '#')
    .replace(/\d+/g, '#')
    .slice(0, LONGEST_KIND);
}
