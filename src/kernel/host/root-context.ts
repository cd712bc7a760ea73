import { AsyncResource } from 'node:async_hooks';

/**
 * Nobody's request: the context in which this module was loaded. Everything that follows the flow of asynchronous calls
 * (`AsyncLocalStorage`, Nest's CLS, OpenTelemetry) finds nothing of a caller here.
 */
const root = new AsyncResource('MessageQueueRoot');

/**
 * Starts work that belongs to nobody's request, such as a timer, a loop or a connection, and all that follows from it.
 * For our own code: what a host's code sets with `enterWith` would stay in here, so that goes {@link inOwnContext}.
 */
export function inRootContext<T>(work: () => T): T {
  return root.runInAsyncScope(work);
}

/** Calls code of a host in a context of its own: it finds nothing of a caller, and leaves nothing behind for others. */
export function inOwnContext<T>(code: () => T): T {
  return root.runInAsyncScope(runAlone, undefined, code) as T;
}

function runAlone<T>(code: () => T): T {
  return new AsyncResource('MessageQueueHostCode').runInAsyncScope(code);
}
