import { closestTo } from '../values/did-you-mean.js';

/** What Kubernetes and Docker links set for a service that is named like our prefixes. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/;
/** Names this short distance away are mistakes; farther ones belong to somebody else. */
const MAX_DISTANCE = 2;

/** The candidate that a part of a variable's name was meant to be, or undefined where none is near enough to be sure of it. */
export function nearVariable(part: string, candidates: readonly string[]): string | undefined {
  return closestTo(part, candidates, MAX_DISTANCE);
}

/** Whether the platform set it, for a service that happens to be named like one of our prefixes. */
export function isServiceLink(variable: string): boolean {
  return SERVICE_LINK.test(variable);
}

/**
 * The variable that one that begins with our prefix was meant to be, or undefined: nothing of ours is near, and other programs share
 * the environment.
 * @param prefix of ours, which the name begins with
 */
export function meantVariable(name: string, prefix: string, known: Iterable<string>): string | undefined {
  const rest = name.slice(prefix.length);
  const candidates = [...known].filter((variable) => variable.startsWith(prefix));
  const closest = nearVariable(
    rest,
    candidates.map((variable) => variable.slice(prefix.length)),
  );
  // A numbered copy (REDIS_URL_2, REDIS_HOST2) is another server of the host's, not a slip.
  if (closest === undefined || rest.replace(/_?\d+$/, '') === closest) return undefined;
  return prefix + closest;
}
