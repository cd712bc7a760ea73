import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ChannelSettingsError } from '../../ports/destination-errors.js';
import { isPublicAddress } from './public-addresses.js';
import { WebhookFailedError } from './webhook-errors.js';
import { problemWithSecrets } from './webhook-signature.js';
import type { ResolvedAddress, WebhookEndpoint, WebhookTransportOptions } from './webhook.options.js';

type Rules = Pick<WebhookTransportOptions, 'allowHttp' | 'allowPrivateAddresses'>;

/**
 * Reads an endpoint's URL, and checks what can be checked without asking anybody.
 * @throws ChannelSettingsError when it must not be called or signed for; never with the URL or a secret
 */
export function checkedEndpointUrl({ url: text, secrets }: WebhookEndpoint, rules: Rules): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw new ChannelSettingsError('The webhook URL of the recipient is not a URL.');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && rules.allowHttp === true)) {
    throw new ChannelSettingsError(
      `The webhook URL of the recipient starts with "${url.protocol}"; only https: is called, http: with \`allowHttp\`.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new ChannelSettingsError(
      'The webhook URL of the recipient holds a user name or password; remove it.',
    );
  }
  const address = literalAddressOf(url);
  if (address !== null && isForbidden(address, rules)) {
    throw new ChannelSettingsError(`The webhook URL of the recipient names an address that ${NOT_PUBLIC}`);
  }
  const problem = problemWithSecrets(secrets);
  if (problem !== undefined) {
    throw new ChannelSettingsError(`A secret of the recipient's webhook ${problem}; nothing was sent.`);
  }
  return url;
}

/**
 * The addresses to connect to. The connection is made to exactly these, so a name that changes its address after the check gains
 * nothing. One address that is not public refuses them all.
 * @throws WebhookFailedError while the name has such an address; the resolver's error when the name is not found
 */
export async function checkedAddresses(
  url: URL,
  rules: Rules,
  resolve: (hostname: string) => Promise<readonly ResolvedAddress[]> = resolveBySystem,
): Promise<readonly ResolvedAddress[]> {
  const literal = literalAddressOf(url);
  if (literal !== null) return [literal];
  const addresses = await resolve(url.hostname);
  if (addresses.some((address) => isForbidden(address, rules))) {
    throw new WebhookFailedError(`The name of the webhook's host has an address that ${NOT_PUBLIC}`);
  }
  return addresses;
}

const NOT_PUBLIC = 'is not public; `allowPrivateAddresses` permits it.';

function isForbidden({ address }: ResolvedAddress, { allowPrivateAddresses }: Rules): boolean {
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
