import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-addresses.js';

/** An address that a name has. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** What may be called. */
export interface EndpointRules {
  /** Whether `http://` may be called, where everybody on the way reads what is sent. Default false. */
  readonly allowHttp?: boolean;
  /** Whether private, loopback and link-local addresses may be called. Default false. */
  readonly allowPrivateAddresses?: boolean;
}

/** Finds the addresses of a name. */
export type AddressResolver = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** Why an address is refused; completes a sentence. */
export const NOT_PUBLIC = 'is not public; `allowPrivateAddresses` permits it.';

/**
 * Reads an endpoint's URL, and checks what can be checked without asking anybody.
 * @returns what is wrong, as a sentence that begins with the URL, in place of a URL that must not be called; never with the URL itself
 */
export function endpointUrl(text: string, rules: EndpointRules): URL | string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return 'is not a URL.';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && rules.allowHttp === true)) {
    return `starts with "${url.protocol}"; only https: is called, http: with \`allowHttp\`.`;
  }
  if (url.username !== '' || url.password !== '') return 'holds a user name or password; remove it.';
  const address = literalAddressOf(url);
  return address !== null && isForbidden(address, rules) ? `names an address that ${NOT_PUBLIC}` : url;
}

/**
 * The addresses to connect to. The connection is made to exactly these, so a name that changes its address after the check gains
 * nothing. One address that is not public refuses them all.
 * @returns null while the name has such an address
 * @throws the resolver's error when the name is not found
 */
export async function allowedAddresses(
  url: URL,
  rules: EndpointRules,
  resolve: AddressResolver = resolveBySystem,
): Promise<readonly ResolvedAddress[] | null> {
  const literal = literalAddressOf(url);
  if (literal !== null) return [literal];
  const addresses = await resolve(url.hostname);
  return addresses.some((address) => isForbidden(address, rules)) ? null : addresses;
}

function isForbidden({ address }: ResolvedAddress, { allowPrivateAddresses }: EndpointRules): boolean {
  return allowPrivateAddresses !== true && !isPublicAddress(address);
}

function literalAddressOf({ hostname }: URL): ResolvedAddress | null {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family === 4 || family === 6 ? { address, family } : null;
}

async function resolveBySystem(hostname: string): Promise<readonly ResolvedAddress[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
