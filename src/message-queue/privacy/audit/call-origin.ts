import { AsyncLocalStorage } from 'node:async_hooks';

/** Where a change was asked for, for whatever writes down what became of it. */
export interface CallOrigin {
  /** `rest`, `console`, `board`, `cli`. */
  readonly via: string;
  /** Who asks. */
  readonly by: string;
  /** Why, as it was written. */
  reason: string | null;
  /** Which jobs were meant, as JSON without content. */
  filter: string | null;
  /** How many entries have been written of it. */
  noted: number;
}

const CURRENT = new AsyncLocalStorage<CallOrigin>();

/** Does something that was asked for there: also what it begins and does not wait for. */
export function askedFor<T>(origin: CallOrigin, act: () => T): T {
  return CURRENT.run(origin, act);
}

/** Where what is being done now was asked for; undefined where the app itself does it. */
export function currentOrigin(): CallOrigin | undefined {
  return CURRENT.getStore();
}
