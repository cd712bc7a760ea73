import type { LetterProblem } from '../dead-letter-run.js';

/** How to go through many dead letters. */
export interface DeadLetterRunOptions {
  /** Only count; touch nothing. Default false. */
  readonly dryRun?: boolean;
  /** Letters read and handled in one step, 1 to 1 000. Default 1 000. */
  readonly batchSize?: number;
  /** Stops the run after the batch under way. */
  readonly signal?: AbortSignal;
  /** Why, for the audit: a code of 1 to 64 small letters, digits and hyphens, not prose. */
  readonly reason?: string;
  /** Only letters that had failed by then. Default: by the beginning of the run. */
  readonly until?: Date | number | string;
  /** How many letters may match at most: of more, none is touched (`MoreMatchedError`). Default: any number. */
  readonly matched?: number;
  /** At most so many letters a second, 1 to 100 000. Default: as fast as the broker can. */
  readonly perSecond?: number;
  /** Told after each batch how many letters were handled so far. What it throws ends the run. */
  readonly onProgress?: (done: number) => void | Promise<void>;
}

/** How to discard many dead letters. */
export interface DiscardOptions extends DeadLetterRunOptions {
  /** Who asks for it, for the audit. Default `app`. */
  readonly by?: string;
}

/** How to replay many dead letters. */
export interface ReplayOptions extends DeadLetterRunOptions {
  /** Who asks for it; kept with each job, and written to the audit. */
  readonly by: string;
  /** Replay cancelled jobs too. Default false. */
  readonly includeCancelled?: boolean;
}

interface RunReport {
  /** Letters that the filter matched. */
  readonly matched: number;
  /** Cancelled ones, and those that somebody else handled meanwhile. */
  readonly skipped: number;
  /** Letters of a batch that the broker refused or did not answer for. Those that are still there are handled by the next call. */
  readonly failed: number;
  /** Why, for each of them. */
  readonly problems: readonly LetterProblem[];
  /** False when the run stopped early: it was aborted, or a batch failed. */
  readonly complete: boolean;
  readonly dryRun: boolean;
}

/** What a replay did, or in a dry run would do. */
export interface ReplayReport extends RunReport {
  readonly replayed: number;
}

/** What a discard did, or in a dry run would do. */
export interface DiscardReport extends RunReport {
  readonly discarded: number;
}
