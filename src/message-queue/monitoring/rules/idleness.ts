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

/**
 * Whether jobs wait and no process that lives takes any of the queue: none will start, however long somebody waits. Where some run all the
 * same, whoever runs them does not tell of itself.
 * @param slots of all processes that live
 */
export function nobodyWorks(
  { waiting, active, isPaused }: Pick<QueueSnapshot, 'waiting' | 'active' | 'isPaused'>,
  slots: number,
): boolean {
  return slots === 0 && waiting > 0 && active === 0 && !isPaused;
}
