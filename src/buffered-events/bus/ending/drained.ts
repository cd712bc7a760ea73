import type { Clock } from '../../../kernel/time/clock.js';

/** How often it is looked whether anything is left, milliseconds. */
const LOOK_MS = 10;

/**
 * Waits until nothing is left. The process is kept alive meanwhile.
 * @param withinMs how long at most
 * @returns whether nothing is left
 */
export function drained(clock: Clock, isEmpty: () => boolean, withinMs: number): Promise<boolean> {
  const steady = clock.steady();
  const until = steady.now() + withinMs;
  return new Promise((resolve) => {
    const look = (): void => {
      const leftMs = until - steady.now();
      if (isEmpty()) resolve(true);
      else if (leftMs <= 0) resolve(false);
      else clock.setTimer(look, Math.min(LOOK_MS, leftMs), { keepAlive: true });
    };
    look();
  });
}
