import { isTriedAgain } from '../../../../kernel/redis/redis-replies.js';

/** Less than the two seconds after which a call is told that Redis does not answer: it did. */
const PATIENCE_MS = 1_500;
const RETRY_DELAY_MS = 100;

/** Makes a call that somebody waits for; while Redis answers that it cannot take it just now, again for up to a second and a half. */
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
