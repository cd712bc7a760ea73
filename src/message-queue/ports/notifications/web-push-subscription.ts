/** A browser's `PushSubscription` as its `toJSON` gives it. */
export interface WebPushSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

const LONGEST_ENDPOINT = 2_048;

/**
 * Reads the device token of a browser: JSON with an address and the keys of RFC 8291, 65 and at least 16 bytes in base64url.
 * @returns null when it is none
 */
export function readSubscription(token: string): WebPushSubscription | null {
  const { endpoint, keys } = fieldsOf(parsed(token));
  const { p256dh, auth } = fieldsOf(keys);
  if (typeof endpoint !== 'string' || typeof p256dh !== 'string' || typeof auth !== 'string') return null;
  if (bytesOf(p256dh) !== 65 || bytesOf(auth) < 16 || !URL.canParse(endpoint)) return null;
  const { href } = new URL(endpoint);
  return href.length > LONGEST_ENDPOINT ? null : { endpoint: href, keys: { p256dh, auth } };
}

/** -1 when it is not base64url. */
function bytesOf(text: string): number {
  return /^[A-Za-z0-9_-]+$/.test(text) ? Buffer.from(text, 'base64url').length : -1;
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(token);
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
