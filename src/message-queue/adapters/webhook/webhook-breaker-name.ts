import { createHash } from 'node:crypto';

const DIGITS = 12;

/**
 * The name of an endpoint's circuit breaker, `webhook:<host>#<digest>`: it says which host is down, and tells its endpoints apart without their
 * paths, which are secrets of many services. A host that computes the names of its recipients' endpoints finds whose it is.
 * @param endpointUrl as `endpointOf` gives it; what is no URL gets a name too
 */
export function webhookBreakerName(endpointUrl: string): string {
  const url = URL.canParse(endpointUrl) ? new URL(endpointUrl) : null;
  if (url !== null) url.hash = '';
  const digest = createHash('sha256')
    .update(url?.href ?? endpointUrl)
    .digest('hex');
  return `webhook:${url?.host ?? ''}#${digest.slice(0, DIGITS)}`;
}
