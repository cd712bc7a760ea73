const OURS = Symbol('ours');

/** Marks a listener of our own among those of hosts: it does not fail, and is called without a guard. */
export function ours<Listener extends (...args: never[]) => unknown>(listener: Listener): Listener {
  return Object.assign(listener, { [OURS]: true });
}

/** Whether {@link ours} marked it. */
export function isOurs(listener: object): boolean {
  return OURS in listener;
}
