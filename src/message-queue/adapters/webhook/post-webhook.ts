import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { WebhookFailedError } from './webhook-errors.js';
import type { ResolvedAddress } from './webhook.options.js';

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

/** Sends it; follows no redirect and goes through no proxy. @throws signal.reason, or the connection's error */
export async function postWebhook(call: WebhookRequest): Promise<WebhookAnswer> {
  const response = await send(call);
  const answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
  await discardBody(response, call.maxResponseBytes);
  return answer;
}

function send({ url, addresses, headers, body, signal }: WebhookRequest): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        // A connection of its own: one from a pool was perhaps made to another address.
        agent: false,
        lookup: onlyThese(addresses),
        signal,
      },
      resolve,
    )
      .on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error))
      // An answer 101 ends the request with neither an answer nor an error.
      .on('close', () =>
        reject(new WebhookFailedError('The webhook closed the connection without an answer.')),
      )
      .end(body);
  });
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

/** Reads to the end, to the cap or to the signal, whichever is first: the status is known, the rest does not matter. */
async function discardBody(response: IncomingMessage, maxBytes: number): Promise<void> {
  let bytes = 0;
  await new Promise<void>((resolve) => {
    response
      .on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) response.destroy();
      })
      .on('error', () => undefined)
      .on('close', resolve);
  });
}
