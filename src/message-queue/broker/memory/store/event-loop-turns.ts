// Taken when the module loads: fake timers of a host's tests must not stop the queue.
import { setImmediate } from 'node:timers/promises';

const LOOKS_PER_TURN = 64;
const ADDS_PER_TURN = 256;

/**
 * Nothing in memory has to wait, so a loop of awaited calls (`while (await queue.getActiveCount())`) would never let
 * timers, I/O and the worker have their turn, as it does with Redis. Now and then a call waits for one here.
 */
export class EventLoopTurns {
  private looks = 0;
  private adds = 0;

  /** Before an answer to somebody who looks. */
  async look(): Promise<void> {
    this.looks += 1;
    if (this.looks % LOOKS_PER_TURN === 0) await setImmediate();
  }

  /** After an add: whether it is time for {@link pass}. Adds are too many to wait for a promise each. */
  isDueAfterAdd(): boolean {
    this.adds += 1;
    return this.adds % ADDS_PER_TURN === 0;
  }

  /** Lets everything else have its turn. */
  async pass(): Promise<void> {
    await setImmediate();
  }
}
