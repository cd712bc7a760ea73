import { AsyncLocalStorage } from 'node:async_hooks';

/** Set once in a worker thread of buffered events, before its module is loaded. */
let busOfThread: object | undefined;

/** Set while a module is booted in the app's thread, to do there what threads would do. */
const busOfBoot = new AsyncLocalStorage<object>();

/**
 * The bus for which handlers of events are booted here: in a worker thread, or beside the app while no thread lives.
 * Undefined in an app, which has a bus of its own. What is told it starts nothing that the app has already: no second
 * bus, no workers of queues.
 */
export function busOfHandlers(): object | undefined {
  return busOfBoot.getStore() ?? busOfThread;
}

/** All of this thread runs handlers for a bus. */
export function bindThread(bus: object): void {
  busOfThread = bus;
}

/** Boots handlers for a bus, in a thread that may do other things too. */
export function bootFor<T>(bus: object, boot: () => T): T {
  // A storage that is used once makes each promise of its thread dearer for good, on Node 20 and 22.
  return bus === busOfThread ? boot() : busOfBoot.run(bus, boot);
}
