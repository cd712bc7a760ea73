import type { HealthReason, HealthStatus } from '../../../src/message-queue/operations/index.js';

/**
 * What a process is told besides to add jobs. `block`: its event loop, after which runs go on that wait for it; `clock`: its clock is wrong
 * by so much from now on; `health`: what it says of the queue; `acknowledge`: that the loss of Redis' data has been dealt with.
 */
export type HostOrder =
  | { readonly kind: 'block'; readonly ms: number }
  | { readonly kind: 'clock'; readonly offsetMs: number }
  | { readonly kind: 'health' | 'acknowledge' };

/** What a process says of the queue. */
export interface HostHealth {
  readonly status: HealthStatus;
  readonly reasons: readonly HealthReason['code'][];
  /** Messages of the errors that it told its host of so far. */
  readonly alerts: readonly string[];
}

/** The answer to `health` and `acknowledge`. */
export interface HostAnswer {
  readonly answer: HostHealth;
}

/** The first that a process says: it works. */
export const READY = { ready: true };

/** The last that a process says: it has stopped, and exits. */
export const STOPPED = { stopped: true };
