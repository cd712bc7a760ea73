/** A method that sends a command. */
type Send = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Counts the commands that a Redis client sends.
 * @param prototype of the client's class
 * @param method that every command passes through
 * @returns the number up to now
 */
export function countCalls(prototype: object, method: string): () => number {
  const methods = prototype as Record<string, Send>;
  const send = methods[method];
  if (send === undefined)
    throw new Error(`The Redis client has no method ${method} any more: count its commands elsewhere.`);
  let calls = 0;
  methods[method] = function (...args) {
    calls += 1;
    return send.apply(this, args);
  };
  return () => calls;
}
