import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-addresses.js';
import { WebhookRefusedError } from './webhook-errors.js';
import type { ResolvedAddress, WebhookTransportOptions } from './webhook.options.js';

type Rules = Pick<WebhookTransportOptions, 'allowHttp' | 'allowPrivateAddresses'>;

/** Parses an endpoint's URL. @throws WebhookRefusedError when it must not be called; never with the URL, it may hold a secret */
export function parseEndpointUrl(text: string, rules: Rules): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw new WebhookRefusedError('The webhook URL of the recipient is not a URL.');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && rules.allowHttp === true)) {
    throw new WebhookRefusedError(
      `The webhook URL of the recipient starts with "${url.protocol}"; only https: is called, http: with \`allowHttp\`.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new WebhookRefusedError(
      'The webhook URL of the recipient holds a user name or password; remove it.',
    );
  }
  return url;
}

/**
 * The addresses to connect to. The connection is made to exactly these, so a name that changes its address after the check gains
 * nothing. One address that is not public refuses them all.
 * @throws WebhookRefusedError when an address must not be called; the resolver's error when the name is not found
 */
export async function checkedAddresses(
  url: URL,
  rules: Rules,
  resolve: (hostname: string) => Promise<readonly ResolvedAddress[]> = resolveBySystem,
): Promise<readonly ResolvedAddress[]> {
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(hostname);
  const addresses: readonly ResolvedAddress[] =
    family === 4 || family === 6 ? [{ address: hostname, family }] : await resolve(hostname);
  const forbidden = addresses.find(({ address }) => !isPublicAddress(address));
  if (forbidden !== undefined && rules.allowPrivateAddresses !== true) {
    throw new WebhookRefusedError(
      `The webhook host "${hostname}" has the address ${forbidden.address}, which is not public; \`allowPrivateAddresses\` permits it.`,
    );
  }
  return addresses;
}

async function resolveBySystem(hostname: string): Promise<readonly ResolvedAddress[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
