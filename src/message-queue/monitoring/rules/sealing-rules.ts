import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import { degraded, unhealthy } from '../health-reasons.js';
import type { HealthReason } from '../queue-health.js';

/** Two deploys that turn sealing on, or off again, are over by then. */
const LONGEST_OPEN_ONLY_MS = 7 * 24 * 60 * 60_000;

/** What is wrong with the sealing of a queue, as this process sees it. */
export function sealingReasons({ name: queue, seal }: SealableQueue): HealthReason[] {
  if (seal === undefined) return [];
  const { missingKeys, openOnlyMs } = seal.status();
  const reasons = missingKeys.map(({ keyId, jobs }) =>
    unhealthy(
      'KEY_UNAVAILABLE',
      `${jobs} job(s) of "${queue}" wait for the data key ${keyId}, without spending attempts: give its ring key back to the key provider, or look at the data key store.`,
    ),
  );
  if (openOnlyMs === null || openOnlyMs <= LONGEST_OPEN_ONLY_MS) return reasons;
  const message = `Payloads of "${queue}" are stored in plain text: sealing has been "open-only" for more than 7 days. Set it to "on" now that every worker opens what is sealed.`;
  return [...reasons, degraded('OPEN_ONLY', message)];
}
