import { AsyncLocalStorage } from 'node:async_hooks';
import { addAbortListener, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardLike, guardListeners } from './guarded-signal.js';

const boom = new Error('boom');

describe('A guarded signal', () => {
  let failures: unknown[];
  let unheard: unknown[];
  let controller: AbortController;
  let signal: AbortSignal;
  const note = (error: unknown): void => void unheard.push(error);

  beforeEach(() => {
    [failures, unheard] = [[], []];
    controller = new AbortController();
    signal = guardListeners(controller.signal, (error) => failures.push(error));
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  });

  /** Aborts, and lets everything happen that follows at once. */
  async function abort(): Promise<void> {
    controller.abort(new Error('stop'));
    await new Promise(setImmediate);
    expect(unheard).toEqual([]);
  }

  const rejecting = (): never => Promise.reject(boom) as never;
  const throwing = (): never => {
    throw boom;
  };
  it.each<[string, () => unknown]>([
    ['a listener that throws', () => signal.addEventListener('abort', throwing)],
    ['one that rejects', () => signal.addEventListener('abort', rejecting)],
    ['one for one time', () => signal.addEventListener('abort', throwing, { once: true })],
    ['an object', () => signal.addEventListener('abort', { handleEvent: throwing })],
    ['onabort', () => (signal.onabort = throwing)],
    ['addAbortListener', () => addAbortListener(signal, throwing)],
  ])('tells what is thrown by %s', async (_what, listen) => {
    listen();
    const heard = jest.fn();
    signal.addEventListener('abort', heard);
    await abort();
    expect(failures).toEqual([boom]);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('calls listeners as Node does: once each, with the event, on the signal', async () => {
    const calls: unknown[] = [];
    function listener(this: unknown, event: Event): void {
      calls.push(this, event.type, (event.target as AbortSignal).reason);
    }
    signal.addEventListener('abort', listener);
    signal.addEventListener('abort', listener);
    const removed = jest.fn();
    signal.addEventListener('abort', removed);
    signal.removeEventListener('abort', removed);
    signal.onabort = removed;
    signal.onabort = null;
    addAbortListener(signal, removed)[Symbol.dispose]();
    await abort();
    expect(calls).toEqual([signal, 'abort', signal.reason]);
    expect(removed).not.toHaveBeenCalled();
    expect(() => signal.addEventListener('abort', 5 as never)).toThrow('"listener"');
  });

  it('ends what waits with it', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const heard = once(signal, 'abort');
    const ends = [
      fetch(url, { signal }),
      sleep(60_000, undefined, { signal }),
      once(server, 'never', { signal }),
    ];
    const derived = AbortSignal.any([signal, new AbortController().signal]);
    const target = new EventTarget();
    const called = jest.fn();
    target.addEventListener('event', called, { signal });
    const outcomes = Promise.allSettled(ends);
    await abort();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await heard;
    expect(derived.reason).toBe(signal.reason);
    target.dispatchEvent(new Event('event'));
    expect(called).not.toHaveBeenCalled();
    server.closeAllConnections();
    server.close();
  });

  it('hands its guard on to a signal in its place, and calls listeners in nobody’s context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const other = new AbortController();
    const seen: unknown[] = [];
    guardLike(other.signal, signal).addEventListener('abort', () => {
      seen.push(storage.getStore());
      throw boom;
    });
    storage.run('a request', () => other.abort());
    await abort();
    expect([failures, seen]).toEqual([[boom], [undefined]]);
    expect(guardLike(new AbortController().signal, new AbortController().signal)).toBeInstanceOf(AbortSignal);
  });
});
