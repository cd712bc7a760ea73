import type { CleanupStep } from './cleanup-step.js';

/** A store whose records are kept for a time only. */
export interface AgingStore {
  countOld(before: Date, signal: AbortSignal): Promise<number>;
  removeOld(before: Date, limit: number, signal: AbortSignal): Promise<number>;
}

/** Removes records that are older. */
export class AgingCleanupStep implements CleanupStep {
  constructor(
    private readonly before: Date,
    private readonly store: AgingStore,
  ) {}

  count(signal: AbortSignal): Promise<number> {
    return this.store.countOld(this.before, signal);
  }

  run(limit: number, signal: AbortSignal): Promise<number> {
    return this.store.removeOld(this.before, limit, signal);
  }
}
