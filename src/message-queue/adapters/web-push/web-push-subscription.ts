import { UnrecoverableJobError } from '../../jobs/errors.js';
import { readSubscription } from '../../ports/notifications/web-push-subscription.js';
import type { WebPushSubscription } from '../../ports/notifications/web-push-subscription.js';

/** A browser, and the push service that reaches it. */
export interface PushDestination {
  readonly subscription: WebPushSubscription;
  /** With its port, where that is not the usual one. */
  readonly host: string;
  /** Whether an entry of `allowedHosts` stands for many hosts, this one among them: then anybody may have made this one up. */
  readonly isOneOfMany: boolean;
}

/**
 * Reads the device token of a browser and checks where it leads.
 * @returns null when it is no subscription
 * @throws UnrecoverableJobError, which repeats nothing of the token but its host
 */
export function pushDestination(token: string, allowedHosts: readonly string[]): PushDestination | null {
  const subscription = readSubscription(token);
  if (subscription === null) return null;
  const url = new URL(subscription.endpoint);
  const allowed = allowedHosts.find((entry) => covers(entry, url));
  if (url.protocol !== 'https:' || url.username !== '' || allowed === undefined) {
    throw new UnrecoverableJobError(
      `The subscription leads to ${url.protocol}//${url.host}, which "allowedHosts" does not list.`,
    );
  }
  return { subscription, host: url.host, isOneOfMany: allowed.startsWith('*.') };
}

/** An entry with a port covers that port only, one without covers the standard one. */
function covers(allowed: string, { host }: URL): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
}
