import type { SharedRate } from '../../jobs/flow/rate.js';

/** Tokens of shared rates, for channels that have one. The library provides it. */
export abstract class RateTokens {
  /**
   * Asks for a token. Who gets none has a time of its own at which there is one, and keeps it under its id until it asks again.
   * @param id of what is to be sent: the same in every run of its job
   * @returns 0 when it may be sent now, and the token is spent; else the milliseconds until its time, from 1
   */
  abstract reserve(rate: SharedRate, id: string): Promise<number>;

  /** The service takes no more for so many milliseconds, from 1: closes the rate for everybody who names it. */
  abstract close(rate: SharedRate, ms: number): Promise<void>;
}
