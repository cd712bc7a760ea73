import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidConfigurationError, MessageQueueError } from '../../../kernel/errors.js';
import { Issues } from '../../../kernel/values/issues.js';
import { isRecord, secret, text } from '../../../kernel/values/kinds.js';

/** A request as Twilio sent it. */
export interface TwilioRequest {
  /** As Twilio called it, from `https://` to the last parameter of its query: behind a proxy not what the server sees. */
  readonly url: string;
  /** Header names in lower case, as Node's `request.headers` has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The fields of its form as a body parser has them; or the body as it came, which a JSON body has to be. */
  readonly body: Readonly<Record<string, unknown>> | string | Uint8Array;
}

/** The request is not what Twilio signed. Answer it with 403. */
export class TwilioSignatureError extends MessageQueueError {
  readonly code = 'TWILIO_SIGNATURE';
}

const TOKEN = secret(text());

/**
 * Verifies `X-Twilio-Signature` in constant time (twilio.com/docs/usage/security): HMAC-SHA1 over the URL and the sorted fields of the form; for
 * a body that is no form over the URL, which then has the body's digest in `bodySHA256`.
 * @param authToken of the account; several while it is changed
 * @returns the verified fields: of the form, or what JSON the body is
 * @throws TwilioSignatureError; InvalidConfigurationError without a token
 */
export function verifyTwilioRequest(request: TwilioRequest, authToken: string | readonly string[]): unknown {
  const tokens = typeof authToken === 'string' ? [authToken] : authToken;
  const issues = new Issues();
  for (const token of tokens.length === 0 ? [undefined] : tokens) issues.check('authToken', token, TOKEN);
  issues.throwIfAny(InvalidConfigurationError, 'The request cannot be verified:');
  const signature = request.headers['x-twilio-signature'];
  if (typeof signature !== 'string' || !URL.canParse(request.url)) throw new TwilioSignatureError(UNSIGNED);
  const digest = new URL(request.url).searchParams.get('bodySHA256');
  const { signed, fields } = digest === null ? formOf(request.body) : hashedBody(request.body, digest);
  const given = Buffer.from(signature, 'base64');
  // Every pair is compared, so that the time says nothing about which fitted.
  const fits = tokens.flatMap((token) =>
    spellingsOf(request.url).map((url) =>
      isSame(
        createHmac('sha1', token)
          .update(url + signed)
          .digest(),
        given,
      ),
    ),
  );
  if (!fits.includes(true)) throw new TwilioSignatureError(WRONG);
  return fields;
}

const UNSIGNED = 'The request has no header "x-twilio-signature", or no URL.';
const WRONG =
  'The signature does not match: another auth token, another URL than Twilio called, or the body was changed.';

/** Twilio signs some URLs with their port and some without. */
function spellingsOf(url: string): string[] {
  const { protocol, port, host, hostname } = new URL(url);
  const at = url.indexOf('//') + 2;
  const end = at + (/[/?#]/.exec(url.slice(at))?.index ?? url.length - at);
  const before = url.slice(0, at) + url.slice(at, end).replace(/[^@]*$/, '');
  const standard = protocol === 'https:' ? '443' : '80';
  const hosts = [hostname, port === '' ? `${hostname}:${standard}` : host];
  return [...new Set([url, ...hosts.map((name) => before + name + url.slice(end))])];
}

interface SignedBody {
  readonly signed: string;
  readonly fields: unknown;
}

function formOf(body: TwilioRequest['body']): SignedBody {
  const fields: [string, string[]][] = isRaw(body)
    ? namesOf(new URLSearchParams(textOf(body)))
    : Object.entries(body).map(([name, value]) => [name, valuesOf(value)]);
  const sorted = fields.sort(([a], [b]) => (a < b ? -1 : 1));
  const signed = sorted.map(([name, values]) =>
    [...new Set(values)]
      .sort()
      .map((value) => name + value)
      .join(''),
  );
  return {
    signed: signed.join(''),
    fields: Object.fromEntries(sorted.map(([name, values]) => [name, values[0]])),
  };
}

function namesOf(form: URLSearchParams): [string, string[]][] {
  return [...new Set(form.keys())].map((name) => [name, form.getAll(name)]);
}

function valuesOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((one) => typeof one === 'string')) throw new TwilioSignatureError(WRONG);
  return values;
}

function hashedBody(body: TwilioRequest['body'], digest: string): SignedBody {
  if (!isRaw(body)) {
    throw new TwilioSignatureError(
      'The request is signed by the digest of its body: give the body as it came (`rawBody: true`).',
    );
  }
  const hash = createHash('sha256').update(body).digest();
  if (!isSame(hash, Buffer.from(digest, 'hex'))) throw new TwilioSignatureError(WRONG);
  return { signed: '', fields: parsed(textOf(body)) };
}

function parsed(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch {
    return Object.fromEntries(new URLSearchParams(body));
  }
}

function isRaw(body: TwilioRequest['body']): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array;
}

function textOf(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
