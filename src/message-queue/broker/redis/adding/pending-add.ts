import type { AddPlace } from '../../rules/add-errors.js';
import type { LuaScript } from '../scripts/lua-script.js';

/** The script that adds some of the jobs of a queue, and how it is called. */
export interface AddCall {
  readonly script: LuaScript;
  /** @param adds whose `call` this is */
  args(adds: readonly PendingAdd[]): (string | number)[];
  /** Called before adds are written to the connection. @returns whether more is written to it within this tick */
  readonly announce?: () => boolean;
}

/** One add from being asked for until its outcome is known. */
export abstract class PendingAdd {
  /** Its caller has been told. */
  settled = false;
  /** A call with this job was sent but not answered: Redis may have added it. */
  mayBeStored = false;
  /** It waits for a Redis that is away, for as long as its deadline allows. */
  waits = false;
  /** What Redis answered to the last try; null when it did not answer. */
  refusal: Error | null = null;
  /** On the clock of `performance.now()`. */
  readonly deadlineAt: number;

  /** @param bytes size of the job; limits how much one round trip carries */
  constructor(
    readonly call: AddCall,
    readonly bytes: number,
    readonly deadlineMs: number,
  ) {
    this.deadlineAt = performance.now() + deadlineMs;
  }

  abstract get place(): AddPlace;

  /** Tells the caller what the script answered, at the add's position in the call. */
  abstract answered(reply: unknown, position: number): void;

  /** Tells the caller that it failed. */
  abstract failed(error: Error): void;
}
