import type { ManagedQueue } from '../../broker/managed-queues.js';
import { degraded, unhealthy } from '../health-reasons.js';
import type { HealthReason } from '../queue-health.js';
import { jobsWithoutRingKey } from './missing-ring-keys.js';

/** Two deploys that turn sealing on, or off again, are over by then. */
const LONGEST_OPEN_ONLY_MS = 7 * 24 * 60 * 60_000;

/** What is wrong with the sealing of a queue, as this process sees it. */
export function sealingReasons(managed: ManagedQueue): HealthReason[] {
  const { name: queue, seal } = managed.definition;
  if (seal === undefined) return [];
  const { missingKeys, openOnlyMs } = seal.status();
  const reasons = missingKeys.map(({ keyId, jobs }) =>
    unhealthy(
      'KEY_UNAVAILABLE',
      `${jobs} job(s) of "${queue}" wait for the data key ${keyId}, without spending attempts: give its ring key back to the key provider, or look at the data key store.`,
    ),
  );
  const unopenable = jobsWithoutRingKey(managed);
  if (unopenable > 0) {
    const message = `${unopenable} job(s) of "${queue}" are sealed with a ring key that the key provider does not know, and open nowhere until it is back. Give it back, and call reseal("${queue}") before you drop it again.`;
    reasons.push(unhealthy('RING_KEY_MISSING', message));
  }
  if (openOnlyMs === null || openOnlyMs <= LONGEST_OPEN_ONLY_MS) return reasons;
  const message = `Payloads of "${queue}" are stored in plain text: sealing has been "open-only" for more than 7 days. Set it to "on" now that every worker opens what is sealed.`;
  return [...reasons, degraded('OPEN_ONLY', message)];
}
