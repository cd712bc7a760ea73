import { request as requestHttp } from 'node:http';
import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { StatusLine } from './status-line.js';

/** One POST. */
export interface HttpPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string | Uint8Array;
  /** False: a connection of its own. */
  readonly agent: Agent | false;
  /** Default: the system's. */
  readonly lookup?: LookupFunction;
  /** How much of the answer's body is read before the connection is cut, bytes. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  /** Empty where only the status line could be read. */
  readonly headers: IncomingHttpHeaders;
  /** Up to the cap, or to where it broke off. */
  readonly body: Buffer;
}

/**
 * Sends it once; follows no redirect and goes through no proxy. Whoever sent a status line has decided, and what comes after it changes nothing:
 * headers of any size, a body that breaks off or never ends, the end of the time. A second request for something that was taken would be worse.
 * @throws signal.reason, or the connection's error, when there was no status line
 */
export async function postOnce(call: HttpPost): Promise<HttpAnswer> {
  const answer = await send(call);
  if (typeof answer === 'number') return { status: answer, headers: {}, body: Buffer.alloc(0) };
  const body = await readBody(answer, call.maxBodyBytes);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body };
}

function send(call: HttpPost): Promise<IncomingMessage | number> {
  const { url, headers, body, agent, lookup, signal } = call;
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const line = new StatusLine();
  const read = (chunk: Buffer): void => line.read(chunk);
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      const { status } = line;
      if (status !== null) resolve(status);
      else reject(signal.aborted ? (signal.reason as Error) : error);
    };
    const sent = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      agent,
      ...(lookup !== undefined && { lookup }),
      signal,
    });
    sent
      .on('response', resolve)
      // Before the parser, which gives up without a word of what it has read.
      .on('socket', (socket) => socket.prependListener('data', read))
      .on('error', failed)
      .on('close', () => {
        sent.socket?.off('data', read);
        // An answer 101 ends the request with neither an answer nor an error.
        failed(
          Object.assign(new Error('The connection was closed without an answer.'), { code: 'ECONNRESET' }),
        );
      })
      .end(body);
  });
}

/** Reads to the end, to the cap, to the signal or to where it breaks off, whichever is first. */
async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve) => {
    response
      .on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= maxBytes) chunks.push(chunk);
        else response.destroy();
      })
      .on('error', () => undefined)
      .on('close', resolve);
  });
  return Buffer.concat(chunks);
}
