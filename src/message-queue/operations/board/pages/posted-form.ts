import type { IncomingMessage } from 'node:http';
import { isRecord } from '../../../../kernel/values/kinds.js';

/** Of a form with a few short fields, a sentence of people among them, each character of which may be sent as nine, bytes. */
const LONGEST_FORM = 8_000;

/** The fields of a form that was sent, as text; one that is not there is empty, and so are all when the form is too long. */
export class PostedForm {
  private constructor(private readonly fields: (name: string) => unknown) {}

  static async read(request: IncomingMessage & { readonly body?: unknown }): Promise<PostedForm> {
    // The host's body parser has been there on Express.
    const { body } = request;
    if (isRecord(body)) return new PostedForm((name) => body[name]);
    const form = new URLSearchParams(await textOf(request));
    return new PostedForm((name) => form.get(name));
  }

  text(name: string): string {
    const value = this.fields(name);
    return typeof value === 'string' ? value : '';
  }
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
