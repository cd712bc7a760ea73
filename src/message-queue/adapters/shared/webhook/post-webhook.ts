import type { LookupFunction } from 'node:net';
import { postOnce } from '../post-once.js';
import type { ResolvedAddress } from './endpoint-address.js';

/** What is kept of an answer; its body is discarded. */
export interface WebhookAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** One POST to one of the given addresses and no other. */
export interface WebhookRequest {
  readonly url: URL;
  readonly addresses: readonly ResolvedAddress[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
}

/** Sends it as postOnce does. @throws signal.reason, or the connection's error, when no status came */
export async function postWebhook(call: WebhookRequest): Promise<WebhookAnswer> {
  const { url, headers, body, addresses, maxResponseBytes, signal } = call;
  // A connection of its own: one from a pool was perhaps made to another address.
  const how = { agent: false, lookup: onlyThese(addresses), maxBodyBytes: maxResponseBytes } as const;
  const answer = await postOnce({ url, headers, body, ...how, signal });
  return { status: answer.status, retryAfter: answer.headers['retry-after'] };
}

/** Gives the connection the addresses that were checked, whatever the name resolves to by now. */
function onlyThese(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (first === undefined) callback(new Error('The name has no address.'), '', 4);
    else if (options.all === true) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}
