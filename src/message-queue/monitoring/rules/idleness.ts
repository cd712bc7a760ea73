import type { QueueSnapshot } from '../../broker/broker.js';

/**
 * Whether jobs wait that no worker takes, although one could: not what a group holds, nor what a rate has closed for now.
 * @param since when the first of them must have been added before, milliseconds since the epoch
 */
export function looksIdle(
  { waiting, active, isPaused, oldestWaitingAt, flow }: QueueSnapshot,
  since: number,
): boolean {
  const isTakeable = waiting > flow.held && flow.sleeping === 0 && !isPaused;
  return isTakeable && active === 0 && oldestWaitingAt !== null && oldestWaitingAt < since;
}
