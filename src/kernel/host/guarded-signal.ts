import { guardedCall } from './guarded-call.js';

type Listener = ((this: AbortSignal, event: Event) => unknown) | { handleEvent(event: Event): unknown };
type Options = Parameters<AbortSignal['addEventListener']>[2];
type Failed = (error: unknown) => void;

/** Who hears of the listeners of a signal that fail. */
const guards = new WeakMap<AbortSignal, Failed>();

/**
 * Guards the listeners that code of a host puts on a signal of ours. Node makes what such a listener throws, or rejects
 * with, an uncaught exception; here it is told to `failed`, and the process goes on. Signals that the host derives from
 * this one (`AbortSignal.any`) are its own.
 * @param failed must not throw
 * @returns the same signal
 */
export function guardListeners(signal: AbortSignal, failed: Failed): AbortSignal {
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  // The same listener is the same guarded one: adding it twice is adding it once, and it can be removed.
  const guarded = new WeakMap<object, (event: Event) => void>();
  const guardOf = (listener: Listener): ((event: Event) => void) => {
    const known = guarded.get(listener);
    if (known !== undefined) return known;
    const made = (event: Event): void => guardedCall(() => called(listener, signal, event), failed);
    guarded.set(listener, made);
    return made;
  };
  guards.set(signal, failed);
  // `onabort`, `events.once`, `events.addAbortListener` and `fetch` all go through these two.
  return Object.assign(signal, {
    addEventListener: (type: string, listener: unknown, options?: Options): void =>
      add(type, isListener(listener) ? guardOf(listener) : (listener as never), options),
    removeEventListener: (type: string, listener: unknown, options?: Options): void =>
      remove(type, (isListener(listener) && guarded.get(listener)) || (listener as never), options),
  });
}

/** Guards a signal like another one, in whose place it is handed on. @returns the first */
export function guardLike(signal: AbortSignal, other: AbortSignal): AbortSignal {
  const failed = guards.get(other);
  return failed === undefined ? signal : guardListeners(signal, failed);
}

/** What Node takes for one; it refuses anything else itself. */
function isListener(value: unknown): value is Listener {
  return (
    typeof value === 'function' || (typeof value === 'object' && value !== null && 'handleEvent' in value)
  );
}

function called(listener: Listener, signal: AbortSignal, event: Event): unknown {
  return typeof listener === 'function' ? listener.call(signal, event) : listener.handleEvent(event);
}
