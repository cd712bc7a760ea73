import type { FullReason } from '../events/errors.js';
import { LANES } from '../buffer/buffer-words.js';

/**
 * What the thread of the app counts of the bus, since its start. Whoever does a thing counts it here; what threads do is counted in the
 * shared buffer.
 */
export class BusCounters {
  /** Events stored, by lane. */
  readonly emitted: number[] = LANES.map(() => 0);
  /** Events accepted that nobody handles. */
  unhandled = 0;
  /** Events refused, by why. */
  readonly refused: Record<FullReason, number> = { events: 0, memory: 0, rate: 0 };
  /** Runs after the first that failures led to. */
  retries = 0;
  /** Events that became dead letters. */
  deadLetters = 0;
  /** Dead letters dropped for `deadLetters.max`. */
  deadLettersDropped = 0;
  /** Threads that died unplanned. */
  crashes = 0;
  /** Times that ready events and an idle thread did not find each other (rule 23). */
  stalls = 0;

  get totalEmitted(): number {
    return this.emitted.reduce((sum, count) => sum + count, this.unhandled);
  }

  get totalRefused(): number {
    return this.refused.events + this.refused.memory + this.refused.rate;
  }
}
