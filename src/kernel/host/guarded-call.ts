import { inOwnContext } from './root-context.js';

/**
 * Calls code of a host that nobody waits for, in a context of its own. Never throws.
 * @param failed told what the code throws, or what the promise that it returns rejects with; must not throw
 */
export function guardedCall(code: () => unknown, failed: (error: unknown) => void): void {
  try {
    noteRejection(inOwnContext(code), failed);
  } catch (error) {
    failed(error);
  }
}

/** Hears of the rejection of what may be a promise, or anything else that has a `then`. */
export function noteRejection(answer: unknown, failed: (error: unknown) => void): void {
  if (typeof answer !== 'object' || answer === null) return;
  if (answer instanceof Promise) answer.catch(failed);
  else if (typeof (answer as { then?: unknown }).then === 'function') Promise.resolve(answer).catch(failed);
}
