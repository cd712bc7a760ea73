import { isTriedAgain } from '../../../../kernel/redis/redis-replies.js';

const PATIENCE_MS = 2_000;
const RETRY_DELAY_MS = 100;

/** Makes a call that somebody waits for; while Redis answers that it cannot take it just now, again for up to two seconds. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isTriedAgain('ask', error) || performance.now() >= giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    }
  }
}
