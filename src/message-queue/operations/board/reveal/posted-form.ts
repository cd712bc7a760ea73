import type { IncomingMessage } from 'node:http';
import { isRecord } from '../../../../kernel/values/kinds.js';

/** Of a form that has one short field, bytes. */
const LONGEST_FORM = 2_000;

/** The text of a field of a form that was sent; empty when there is none, or the form is too long. */
export async function readField(
  request: IncomingMessage & { readonly body?: unknown },
  name: string,
): Promise<string> {
  // The host's body parser has been there on Express.
  const { body } = request;
  const value = isRecord(body) ? body[name] : new URLSearchParams(await textOf(request)).get(name);
  return typeof value === 'string' ? value : '';
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= LONGEST_FORM) chunks.push(chunk);
  }
  return bytes <= LONGEST_FORM ? Buffer.concat(chunks).toString('utf8') : '';
}
