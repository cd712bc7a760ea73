import type { EventEmitter } from 'node:events';
import { guardedCall } from '../../../../kernel/host/guarded-call.js';
import { isOurs } from '../../../../kernel/host/ours.js';
import { LISTENER_FAILED } from './local-events.js';

type Listener = (...args: unknown[]) => unknown;

/**
 * Emits an event of a queue to listeners that may fail, at once or later: each is called, in a context of its own, and a
 * failure becomes an `error` event, as in Bull, and a {@link LISTENER_FAILED}. Never throws.
 * @returns whether anybody listens
 */
export function guardedEmit(queue: EventEmitter, event: string | symbol, args: readonly unknown[]): boolean {
  if (queue.listenerCount(event) === 0) return false;
  for (const listener of queue.rawListeners(event) as Listener[]) {
    const call = (): unknown => Reflect.apply(listener, queue, args);
    if (isOurs(listener)) call();
    else guardedCall(call, (error) => tell(queue, event, error));
  }
  return true;
}

function tell(queue: EventEmitter, event: string | symbol, error: unknown): void {
  if (event === LISTENER_FAILED) return;
  queue.emit(LISTENER_FAILED, String(event), error);
  if (event !== 'error') queue.emit('error', error);
}
