import { UnrecoverableJobError } from '../../jobs/errors.js';
import { byteLength } from './web-push-options.js';

/** A browser's `PushSubscription` as its `toJSON` gives it. */
export interface WebPushSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/**
 * Reads the device token of a browser and checks where it leads.
 * @throws UnrecoverableJobError, which repeats nothing of the token but its host
 */
export function parseSubscription(token: string, allowedHosts: readonly string[]): WebPushSubscription {
  const { endpoint, keys } = fieldsOf(parsed(token));
  const { p256dh, auth } = fieldsOf(keys);
  if (
    typeof endpoint !== 'string' ||
    typeof p256dh !== 'string' ||
    typeof auth !== 'string' ||
    byteLength(p256dh) !== 65 ||
    byteLength(auth) < 16
  ) {
    throw new UnrecoverableJobError(
      'The device token is not a Web Push subscription: store JSON.stringify(subscription), with "endpoint", "keys.p256dh" and "keys.auth".',
    );
  }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (
    url?.protocol !== 'https:' ||
    url.username !== '' ||
    !allowedHosts.some((allowed) => covers(allowed, url))
  ) {
    throw new UnrecoverableJobError(
      `The subscription leads to ${url === null ? 'no address' : `${url.protocol}//${url.host}`}, which "allowedHosts" does not list.`,
    );
  }
  return { endpoint: url.href, keys: { p256dh, auth } };
}

/** An entry with a port covers that port only, one without covers the standard one. */
function covers(allowed: string, { host }: URL): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
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
