import type { IncomingMessage } from 'node:http';

/** How long a body may take to arrive, milliseconds. */
const SLOWEST_BODY_MS = 10_000;

/** Why a body cannot be used, and the status that says so. */
export class BodyError extends Error {
  constructor(
    readonly status: 400 | 408 | 413,
    message: string,
  ) {
    super(message);
    this.name = 'BodyError';
  }
}

/** Reads a body as JSON; undefined when there is none. @throws BodyError */
export async function readBody(
  request: IncomingMessage & { readonly body?: unknown },
  limitBytes: number,
): Promise<unknown> {
  const { body } = request;
  const tooLong = new BodyError(413, `The body is longer than ${limitBytes} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLong;
  // The host's own parser has been there on Express: it leaves an object, or text or bytes where it was told to.
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) {
    return hasNone(request) ? undefined : body;
  }
  const text = body === undefined ? await textOf(request, limitBytes, tooLong) : body.toString();
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new BodyError(400, 'The body is not JSON.');
  }
}

/** Parsers leave an empty object where nothing was sent. */
function hasNone({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

function textOf(request: IncomingMessage, limitBytes: number, tooLong: BodyError): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', finish).off('close', lost).off('error', lost);
      end();
    };
    const refuse = (error: BodyError): void => settle(() => reject(error));
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > limitBytes) refuse(tooLong);
      else chunks.push(chunk);
    };
    const finish = (): void => settle(() => resolve(Buffer.concat(chunks).toString('utf8')));
    const lost = (): void => refuse(new BodyError(400, 'The body did not arrive as a whole.'));
    const timer = setTimeout(() => {
      refuse(new BodyError(408, `The body took longer than ${SLOWEST_BODY_MS} ms.`));
    }, SLOWEST_BODY_MS);
    if (request.readableEnded) finish();
    else if (request.destroyed) lost();
    else request.on('data', take).once('end', finish).once('close', lost).once('error', lost);
  });
}
