import { guardListeners } from '../../kernel/host/guarded-signal.js';

/** A signal that costs nothing until a handler asks for it: most never do. */
export class LazySignal {
  private controller: AbortController | undefined;
  private reason: Error | undefined;

  /** @param listenerFailed told what a handler's listener of the signal throws; must not throw */
  constructor(private readonly listenerFailed: (error: unknown) => void) {}

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      guardListeners(this.controller.signal, this.listenerFailed);
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** @throws the reason, once it was aborted. Makes no signal. */
  throwIfAborted(): void {
    if (this.reason !== undefined) throw this.reason;
  }

  /** Aborts, once: the first reason stays. */
  abort(reason: Error): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.controller?.abort(reason);
  }
}
