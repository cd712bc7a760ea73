import { request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { KeepingAgent } from '../shared/keeping-agent.js';

const MAX_ANSWER_BYTES = 16_384;

/** An answer; `text` is the beginning of its body, to be looked into and never quoted. */
export interface PushAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One POST to a push service. */
export interface PushRequest {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

/** An agent that keeps connections for the next push. */
export function keepingAgent(): Agent {
  return new KeepingAgent({ keepAlive: true, maxSockets: 50, timeout: 60_000 });
}

/** Sends it and follows no redirect. @throws signal.reason, or the connection's error */
export async function postPush(call: PushRequest): Promise<PushAnswer> {
  const response = await send(call);
  const text = await bodyOf(response);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

function send({ endpoint, headers, body, agent, signal }: PushRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(endpoint, { method: 'POST', headers, agent, signal }, resolve)
      .on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error))
      // An answer 101 ends the request with neither an answer nor an error.
      .on('close', () => reject(Object.assign(new Error('Closed without an answer'), { code: 'ECONNRESET' })))
      .end(body);
  });
}

/** Reads to the end, to the cap or to the signal: the status is known, the rest matters little. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve) => {
    response
      .on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) response.destroy();
        else chunks.push(chunk);
      })
      .on('error', () => undefined)
      .on('close', resolve);
  });
  return Buffer.concat(chunks).toString();
}
