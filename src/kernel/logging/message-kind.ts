const LONGEST_KIND = 200;

const ADDRESSES = /[a-z][a-z\d+.-]*:\/\/[^\s"'`<>]+|[\w.+-]+@[\w.-]+\w/gi;
const QUOTES = /"[^"]*"|`[^`]*`|“[^”]*”|«[^»]*»|(?<![\p{L}\p{N}])'[^']*'(?![\p{L}\p{N}])/gu;
const HOSTS = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|(?<![\w:])[\da-f]{0,4}(?::[\da-f]{0,4}){2,8}(?![\w:])/gi;
const WORDS = /[\p{L}\p{N}_-]+/gu;

/**
 * What messages about the same thing have in common: numbers, ids, quotes and addresses become `…`. At most 200 characters. Its time
 * grows with the length of the message, whatever stands in it.
 */
export function messageKind(message: string): string {
  return message
    .slice(0, 2 * LONGEST_KIND)
    .replace(ADDRESSES, '…')
    .replace(QUOTES, '…')
    .replace(HOSTS, '…')
    .replace(WORDS, withoutNumbers)
    .replace(/…(?:[.,:/-]?…)+/g, '…')
    .slice(0, LONGEST_KIND)
    .replace(/\p{Cs}/gu, '');
}

/** Letters and numbers that alternate make an id; a number behind a name does not, whatever its length. */
function withoutNumbers(word: string): string {
  const parts = word.split(/\p{N}+/u);
  const numbers = parts.length - 1;
  const rest = parts.join('…');
  return numbers > 2 || (numbers === 2 && rest.length >= 8) ? '…' : rest;
}
