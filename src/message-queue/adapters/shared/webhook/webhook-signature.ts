import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidConfigurationError, MessageQueueError } from '../../../../kernel/errors.js';
import { Issues } from '../../../../kernel/values/issues.js';
import { problemWith } from '../../../../kernel/values/kind.js';
import { numberFrom, sharedSecret } from '../../../../kernel/values/kinds.js';

/** Headers of a webhook request, by the names and rules of Standard Webhooks 1.0 (standardwebhooks.com). */
export const WebhookHeader = {
  /** The same in every repeat: receivers drop what they have seen. */
  ID: 'webhook-id',
  /** Seconds since the epoch when this try was sent. */
  TIMESTAMP: 'webhook-timestamp',
  /** `v1,<base64>`, several separated by spaces while keys are rotated. */
  SIGNATURE: 'webhook-signature',
} as const;

/** The request is not what its sender signed, or it is too old. */
export class WebhookSignatureError extends MessageQueueError {
  readonly code = 'WEBHOOK_SIGNATURE';
}

/** What a receiver verifies. */
export interface SignedWebhook {
  /** Header names in lower case, as Node's `request.headers` has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as it came, before any parsing. */
  readonly body: string | Uint8Array;
}

/** How strict {@link verifyWebhook} is. */
export interface VerifyWebhookOptions {
  /** How far the timestamp may be from now, in both directions, milliseconds; finite, from 0. Default 300 000. */
  readonly toleranceMs?: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly now?: number;
}

const SECRET = sharedSecret(secretBytes);
const MILLISECONDS = numberFrom(0, undefined, 'milliseconds');

/**
 * Signs `id.timestamp.body` with HMAC-SHA256.
 * @param secret `whsec_` and base64, or plain text; at least 16 bytes
 * @returns `v1,<base64>`
 * @throws InvalidConfigurationError when anybody could guess the secret
 */
export function signWebhook(
  secret: string,
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): string {
  const issues = new Issues();
  issues.check('secret', secret, SECRET);
  issues.throwIfAny(InvalidConfigurationError, 'The webhook cannot be signed:');
  return `v1,${digest(secret, id, String(timestampSeconds), body).toString('base64')}`;
}

/**
 * Verifies a request in constant time, for receivers written in Node. `secret` may be several while they are rotated, each of at least
 * 16 bytes: with an empty one anybody could sign.
 * @returns the webhook's id, to drop repeats by
 * @throws InvalidConfigurationError when a secret, the tolerance or the time cannot be used, whatever the request is
 * @throws WebhookSignatureError when a header is missing, the time is off, or no signature fits
 */
export function verifyWebhook(
  { headers, body }: SignedWebhook,
  secret: string | readonly string[],
  { toleranceMs = 300_000, now = Date.now() }: VerifyWebhookOptions = {},
): string {
  const secrets = Array.isArray(secret) ? (secret as readonly string[]) : [secret as string];
  const issues = new Issues();
  issues.check('toleranceMs', toleranceMs, MILLISECONDS);
  issues.check('now', now, MILLISECONDS);
  const problem = problemWithSecrets(secrets);
  issues.unless(problem === undefined, 'secret', problem ?? '');
  issues.throwIfAny(InvalidConfigurationError, 'The webhook cannot be verified:');
  const id = headerOf(headers, WebhookHeader.ID);
  const timestamp = headerOf(headers, WebhookHeader.TIMESTAMP);
  const given = headerOf(headers, WebhookHeader.SIGNATURE)
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'));
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp) * 1_000) > toleranceMs) {
    throw new WebhookSignatureError(`The webhook's timestamp is more than ${toleranceMs} ms away from now.`);
  }
  const expected = secrets.map((key) => digest(key, id, timestamp, body));
  // Every pair is compared, so that the time says nothing about which fitted.
  const fits = expected.flatMap((one) => given.map((other) => isSame(one, other)));
  if (!fits.includes(true)) {
    throw new WebhookSignatureError(
      'No signature of the webhook matches: wrong secret, or the body was changed.',
    );
  }
  return id;
}

/** What is wrong with the first secret that cannot be used, as a sentence without its place; undefined: nothing. */
export function problemWithSecrets(secrets: readonly string[]): string | undefined {
  // An empty list has no secret that can be used.
  const given = secrets.length === 0 ? [undefined] : secrets;
  return given.map((one) => problemWith(one, SECRET)).find((problem) => problem !== undefined);
}

/** The bytes that a secret stands for: `whsec_` and base64, or plain text. */
export function secretBytes(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8');
}

function digest(secret: string, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secretBytes(secret)).update(`${id}.${timestamp}.`).update(body).digest();
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function headerOf(headers: SignedWebhook['headers'], name: string): string {
  const value = headers[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new WebhookSignatureError(`The webhook has no header "${name}", or several.`);
}
