import {
  ChannelSettingsError,
  DEFAULT_PATIENCE_MS,
  DestinationBusyError,
} from '../ports/destination-errors.js';
import { NotificationSendError } from '../ports/notifications/notification-channel.js';
import type { Run } from './run.js';

const MINUTE_MS = 60_000;
const LONGEST_PAUSE_MS = 60 * MINUTE_MS;
const SHORTEST_PAUSE_MS = 1_000;

/** That a run ended because somebody outside takes nothing for now. */
export interface OutsideWait {
  readonly delayMs: number;
  /** Since when the job waits, by the broker's clock; undefined where that ends nothing. */
  readonly since?: number;
  /** The breaker whose settings are wrong. */
  readonly blockedBy?: string;
}

/**
 * How long a job waits, without an attempt spent, for somebody outside who takes nothing for now:
 *
 * - wrong settings: a minute, and again until somebody has mended them;
 * - one destination (`DestinationBusyError`): as long as it asked for, else a minute, then half as long as it has waited, an hour at most;
 *   until its patience is over;
 * - a whole service that is away (`NotificationSendError`): the first attempts are spent by the queue's rules, the last one only when the
 *   service has been away for a day after them, looked at as often as a destination.
 *
 * @returns null when the error is about none of them, or its time is over: it counts as any other
 */
export function outsideWait(run: Run, error: Error, now: number): OutsideWait | null {
  if (error instanceof ChannelSettingsError) {
    return { delayMs: MINUTE_MS, ...(error.dependency !== null && { blockedBy: error.dependency }) };
  }
  if (error instanceof DestinationBusyError) {
    return patiently(run, now, error.patienceMs, error.retryAfterMs);
  }
  if (error instanceof NotificationSendError && run.attempt >= run.maxAttempts) {
    return patiently(run, now, DEFAULT_PATIENCE_MS, null);
  }
  return null;
}

function patiently(
  run: Run,
  now: number,
  patienceMs: number,
  retryAfterMs: number | null,
): OutsideWait | null {
  const since = sinceOf(run) ?? now;
  const waitedMs = Math.max(0, now - since);
  const leftMs = (Number.isNaN(patienceMs) ? DEFAULT_PATIENCE_MS : patienceMs) - waitedMs;
  if (leftMs <= 0) return null;
  const asked = retryAfterMs !== null && Number.isFinite(retryAfterMs) ? retryAfterMs : null;
  const pauseMs =
    asked === null
      ? Math.min(LONGEST_PAUSE_MS, Math.max(MINUTE_MS, waitedMs / 2))
      : Math.max(SHORTEST_PAUSE_MS, asked);
  return { delayMs: Math.min(pauseMs, leftMs), since };
}

/** Since when the job waits; what was before its last replay is over. */
function sinceOf({ taken, record }: Run): number | undefined {
  const replayedAt = record.replays?.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const { waitsSince } = taken;
  return waitsSince !== undefined && waitsSince >= replayedAt ? waitsSince : undefined;
}
