import type { SharedRate } from '../jobs/flow/rate.js';

/** Starts of shared rates for jobs that know only while they run which rate they are under. */
export interface SharedRates {
  /**
   * Asks for a start. A job that has none yet gets a time of its own, and keeps it under its id until it asks again.
   * @returns 0 when it may start now, and the start is spent; else the milliseconds until its time, from 1
   */
  reserve(rate: SharedRate, jobId: string): Promise<number>;
  /** Closes the rate for everybody, never for shorter than it is closed already. @param ms from 1 */
  close(rate: SharedRate, ms: number): Promise<void>;
}
