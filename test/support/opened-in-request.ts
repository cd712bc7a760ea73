import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** What lives on after the call that made it, as Node's hooks name it. */
const LASTING = ['TCPWRAP', 'TLSWRAP', 'PIPEWRAP', 'TCPCONNECTWRAP', 'GETADDRINFOREQWRAP', 'Timeout'];

/** Does work in a request's `AsyncLocalStorage`. @returns the kinds of connections and timers that were made in it */
export async function openedInRequest(work: () => Promise<unknown>): Promise<string[]> {
  const request = new AsyncLocalStorage<string>();
  const opened: string[] = [];
  const hook = createHook({
    init: (_id, type) => {
      if (LASTING.includes(type) && request.getStore() !== undefined) opened.push(type);
    },
  }).enable();
  try {
    await request.run('a request', async () => {
      await work();
      // Whoever asked stays where it was.
      if (request.getStore() === undefined) throw new Error('The caller has lost its own context.');
    });
  } finally {
    hook.disable();
  }
  return opened;
}
