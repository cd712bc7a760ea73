import { AsyncLocalStorage } from 'node:async_hooks';
import type { Agent } from 'node:https';
import type { ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { KeepingAgent } from '../shared/keeping-agent.js';

/** Of all agents: firebase-admin gives credentials from one file to several apps, together with the first one's agent. */
const signals = new AsyncLocalStorage<AbortSignal>();

/**
 * Gives a library that takes no AbortSignal one: a call's connections end with its signal, and what the library would still try
 * afterwards, in the background, gets no connection any more.
 */
export class SignalAgent extends KeepingAgent {
  private readonly users = new WeakMap<Duplex, AbortSignal>();

  /** Makes a call through agents of this kind. @throws signal.reason when aborted, else what the call throws */
  static run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return untilAborted(signals.run(signal, call), signal);
  }

  /** @throws Error when the call's signal has aborted */
  override createConnection(...args: Parameters<Agent['createConnection']>): Duplex | null | undefined {
    // Never the signal's own reason: libraries hang requests, and so access tokens, on errors they catch.
    if (signals.getStore()?.aborted === true) throw new Error('The call was aborted.');
    const socket = super.createConnection(...args);
    if (socket) this.follow(socket);
    return socket;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    super.reuseSocket(socket, request);
    this.follow(socket);
  }

  private follow(socket: Duplex): void {
    const signal = signals.getStore();
    if (signal === undefined) return;
    this.users.set(socket, signal);
    const end = (): void => {
      // A kept connection may serve another call by now.
      if (this.users.get(socket) === signal) socket.destroy();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  }
}
