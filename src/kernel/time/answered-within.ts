import type { Clock } from './clock.js';

/**
 * What a promise resolves to, if it does so in time; it keeps running when it does not.
 * @param clock measures the time, and holds no process open. Default: a timer of the process, which does
 * @throws what the promise rejects with; what `tooLate` makes after `timeoutMs`
 */
export async function answeredWithin<T>(
  answer: Promise<T>,
  timeoutMs: number,
  tooLate: () => Error,
  clock?: Clock,
): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(tooLate());
    if (clock === undefined) {
      const timer = setTimeout(giveUp, timeoutMs);
      cancel = () => clearTimeout(timer);
    } else {
      const timer = clock.setTimer(giveUp, timeoutMs);
      cancel = () => timer.cancel();
    }
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}
