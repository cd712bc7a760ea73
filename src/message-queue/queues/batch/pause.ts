import type { Clock } from '../../../kernel/time/clock.js';

/** Waits by the given clock. @throws signal.reason as soon as the signal aborts */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const onTime = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const timer = clock.setTimer(onTime, delayMs, { keepAlive: true });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
