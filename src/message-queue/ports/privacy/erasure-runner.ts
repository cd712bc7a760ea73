import type { ErasureState } from './tombstone.js';

/** How an erasure stands after a run of it. */
export interface ErasureProgress {
  readonly receiptId: string;
  readonly state: ErasureState;
  /** Records that were there and are not any more. */
  readonly removed: number;
  /** Records that are still there, by what holds them. */
  readonly left: Readonly<Record<string, number>>;
}

/** Goes on with an erasure that a process began. */
export abstract class ErasureRunner {
  /**
   * Carries an erasure on to its end; one that is done stays as it is.
   * @returns null when there is no such receipt
   * @throws what the stores throw; signal.reason
   */
  abstract resume(
    receiptId: string,
    signal: AbortSignal,
    report: (holder: string) => Promise<void>,
  ): Promise<ErasureProgress | null>;
}
