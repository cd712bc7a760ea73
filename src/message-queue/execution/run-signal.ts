import { setMaxListeners } from 'node:events';
import { guardListeners } from '../../kernel/host/guarded-signal.js';
import type { HostCode } from '../../kernel/host/host-code.js';
import type { RegisteredHandler } from '../handlers/handler-registry.js';

/** The signal of a run: what a host's listener on it throws is told to `host`, and changes nothing else. */
export function newRunSignal(
  { queue, handler }: { readonly queue: string; readonly handler: RegisteredHandler | undefined },
  host: HostCode,
): AbortController {
  const controller = new AbortController();
  // A handler may give it to any number of calls.
  setMaxListeners(Infinity, controller.signal);
  const what = `a listener on the signal of ${handler?.name ?? 'a job'}`;
  guardListeners(controller.signal, (error) => host.failed(what, queue, error));
  return controller;
}
