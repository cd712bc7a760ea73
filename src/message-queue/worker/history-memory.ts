import type { MessageQueueConfig } from '../message-queue.options.js';

/** What a busy minute of one series takes in Redis, bytes: measured by `bench/activity-store.ts`. */
const MINUTE_BYTES = 168;
/** Share of the memory limit that the history may take without a word. */
const QUIET_SHARE = 0.05;
const MEGABYTE = 1_000_000;

/** The queues whose history is kept. */
interface KeptQueue {
  readonly jobs: object;
}

/**
 * What to say at start where the history of what happened may take much of a server's memory; null where it may not.
 * @param limitBytes the server's memory limit; null: it has none
 */
export function historyWarning(
  limitBytes: number | null,
  { historyHours, maxSeries }: MessageQueueConfig['operations']['activity'],
  queues: readonly KeptQueue[],
): string | null {
  if (limitBytes === null) return null;
  // Beside its jobs, each queue may have some of names that it does not know.
  const names = queues.reduce((sum, { jobs }) => sum + Object.keys(jobs).length, 0);
  const series = Math.min(names, maxSeries) + queues.length;
  const bytes = series * historyHours * 60 * MINUTE_BYTES;
  if (bytes <= limitBytes * QUIET_SHARE) return null;
  return (
    `What is kept of ${historyHours} hours may grow to ${inMegabytes(bytes)} MB, more than 5 % of the memory of Redis ` +
    `(${inMegabytes(limitBytes)} MB). Keep fewer hours (operations.activity.historyHours, MESSAGE_QUEUE_ACTIVITY_HISTORY_HOURS), count fewer ` +
    'job names apart (operations.activity.maxSeries), or raise maxmemory.'
  );
}

function inMegabytes(bytes: number): string {
  const megabytes = bytes / MEGABYTE;
  return megabytes < 10 ? megabytes.toFixed(1) : String(Math.round(megabytes));
}
