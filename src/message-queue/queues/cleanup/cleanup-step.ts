/** Removes things step by step. `run` removes the next ones, at most `limit`; 0 means nothing is left. */
export interface CleanupStep {
  /** How many there are now. Changes nothing. */
  count(signal: AbortSignal): Promise<number>;
  run(limit: number, signal: AbortSignal): Promise<number>;
}
