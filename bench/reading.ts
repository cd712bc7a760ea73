/** What a value is in. */
export type Unit = 'jobs/s' | 'ms' | 'µs' | 'bytes' | 'commands' | 'calls' | 'per second' | 'modules';

/** One value that a trial gives. */
export interface Reading {
  /** What of the measurement it is, for example `Node CPU per job`; empty: the thing itself. */
  readonly row: string;
  readonly unit: Unit;
  readonly value: number;
}
