import { AsyncLocalStorage } from 'node:async_hooks';
import { inOwnContext } from '../../kernel/host/root-context.js';
import type { EventContext } from '../events/event-words.js';

const current = new AsyncLocalStorage<EventContext>();

/**
 * The event that the calling code handles, however deep in its calls and whatever it has awaited; undefined outside of
 * handlers. What it emits there gets its correlation id.
 */
export function currentEvent(): EventContext | undefined {
  return current.getStore();
}

/**
 * Runs the handlers of one event in a context of their own: they find nothing of the request that emitted it, nor of the
 * events beside it.
 */
export function asCurrentEvent<T>(context: EventContext, run: () => T): T {
  return inOwnContext(() => {
    current.enterWith(context);
    return run();
  });
}
