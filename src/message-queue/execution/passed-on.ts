import { FIRST_VERSION } from '../jobs/queue-definition.js';
import type { PassedOnSettlement } from '../jobs/settlement.js';
import type { Run } from './run.js';

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_REASON = 300;

/**
 * How a run ends whose worker does not know the job: it waits as long again as it has waited already, at least a second
 * and at most a minute, so that a worker of the version that knows it meets it soon and others are not kept busy by it.
 * @param error what is not known
 * @param now milliseconds since the epoch, for a job of which nobody knows when it was taken
 * @returns null when it has waited as long as its queue allows
 */
export function passedOn(
  { taken, record, definition }: Run,
  error: Error,
  now: number,
): PassedOnSettlement | null {
  // By the broker's clock, which all workers share.
  const takenAt = taken.job.processedOn ?? now;
  const since = taken.unknownSince ?? takenAt;
  const leftMs = since + definition.waitForVersionMs - takenAt;
  if (leftMs <= 0) return null;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, takenAt - since));
  return {
    kind: 'passed-on',
    delayMs: Math.min(pauseMs, leftMs),
    leftMs,
    since,
    version: record.version ?? FIRST_VERSION,
    reason: error.message.slice(0, LONGEST_REASON),
  };
}
