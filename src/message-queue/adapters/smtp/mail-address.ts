import { domainToASCII } from 'node:url';

const ADDRESS = /^[^\s\p{C}<>()[\]\\,;:"@]{1,64}@[^\s\p{C}<>()[\]\\,;:"@]{1,255}$/u;

/**
 * Whether a text is exactly one plain address: no name, no list, nothing that could start another header or command, and a domain that
 * there can be. Its letters may be of any script.
 */
export function isMailAddress(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 254 && ADDRESS.test(text) && domainOf(text) !== '';
}

/** An address as every server takes it, its domain in ASCII (RFC 5891): `ada@bücher.example` → `ada@xn--bcher-kva.example`. */
export function withAsciiDomain(address: string): string {
  return `${address.slice(0, address.lastIndexOf('@'))}@${domainOf(address)}`;
}

/** An address's domain in ASCII; empty when there can be no such domain. */
export function domainOf(address: string): string {
  return domainToASCII(address.slice(address.lastIndexOf('@') + 1));
}

/** Whether only a server with SMTPUTF8 (RFC 6531) takes an address: its name, before the `@`, is not ASCII. */
export function needsSmtpUtf8(address: string): boolean {
  return /[\u{80}-\u{10ffff}]/u.test(withAsciiDomain(address));
}
