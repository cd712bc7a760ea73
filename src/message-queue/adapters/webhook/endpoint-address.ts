import { ChannelSettingsError } from '../../ports/destination-errors.js';
import { allowedAddresses, endpointUrl, NOT_PUBLIC } from '../shared/webhook/endpoint-address.js';
import type { AddressResolver, EndpointRules, ResolvedAddress } from '../shared/webhook/endpoint-address.js';
import { problemWithSecrets } from '../shared/webhook/webhook-signature.js';
import { WebhookFailedError } from './webhook-errors.js';
import type { WebhookEndpoint } from './webhook.options.js';

/**
 * Reads an endpoint's URL, and checks what can be checked without asking anybody.
 * @throws ChannelSettingsError when it must not be called or signed for; never with the URL or a secret
 */
export function checkedEndpointUrl({ url: text, secrets }: WebhookEndpoint, rules: EndpointRules): URL {
  const url = endpointUrl(text, rules);
  if (typeof url === 'string') throw new ChannelSettingsError(`The webhook URL of the recipient ${url}`);
  const problem = problemWithSecrets(secrets);
  if (problem === undefined) return url;
  throw new ChannelSettingsError(`A secret of the recipient's webhook ${problem}; nothing was sent.`);
}

/**
 * The addresses to connect to, and no others.
 * @throws WebhookFailedError while the name has one that must not be called; the resolver's error when the name is not found
 */
export async function checkedAddresses(
  url: URL,
  rules: EndpointRules,
  resolve?: AddressResolver,
): Promise<readonly ResolvedAddress[]> {
  const addresses = await allowedAddresses(url, rules, resolve);
  if (addresses !== null) return addresses;
  throw new WebhookFailedError(`The name of the webhook's host has an address that ${NOT_PUBLIC}`);
}
