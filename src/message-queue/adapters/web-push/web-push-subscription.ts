import { UnrecoverableJobError } from '../../jobs/errors.js';
import { readSubscription } from '../../ports/notifications/web-push-subscription.js';
import type { WebPushSubscription } from '../../ports/notifications/web-push-subscription.js';

/**
 * Reads the device token of a browser and checks where it leads.
 * @throws UnrecoverableJobError, which repeats nothing of the token but its host
 */
export function parseSubscription(token: string, allowedHosts: readonly string[]): WebPushSubscription {
  const subscription = readSubscription(token);
  if (subscription === null) {
    throw new UnrecoverableJobError(
      'The device token is not a Web Push subscription: store JSON.stringify(subscription), with "endpoint", "keys.p256dh" and "keys.auth".',
    );
  }
  const url = new URL(subscription.endpoint);
  if (
    url.protocol !== 'https:' ||
    url.username !== '' ||
    !allowedHosts.some((allowed) => covers(allowed, url))
  ) {
    throw new UnrecoverableJobError(
      `The subscription leads to ${url.protocol}//${url.host}, which "allowedHosts" does not list.`,
    );
  }
  return subscription;
}

/** An entry with a port covers that port only, one without covers the standard one. */
function covers(allowed: string, { host }: URL): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
}
