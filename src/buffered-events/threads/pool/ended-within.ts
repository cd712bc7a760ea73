import type { Clock } from '../../../kernel/time/clock.js';

/** Resolves when `ended` does, or after so many milliseconds. The process is kept alive meanwhile. */
export function endedWithin(clock: Clock, ended: Promise<void>, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(resolve, withinMs, { keepAlive: true });
    void ended.then(() => {
      timer.cancel();
      resolve();
    });
  });
}
