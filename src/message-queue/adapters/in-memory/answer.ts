/**
 * What a port in memory answers: the value, one turn later, as a remote store would.
 * Rejects with the signal's reason when it has aborted, and with what `action` throws.
 */
export async function answer<T>(signal: AbortSignal | undefined, action: () => T | Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  return action();
}
