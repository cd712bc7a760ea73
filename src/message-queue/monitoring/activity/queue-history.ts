import type { Durations } from '../../jobs/activity/durations.js';

export type { Durations };

/** What a history is asked for. */
export interface HistoryQuery {
  /** 1 to `historyHours`. Default 6. */
  readonly hours?: number;
  /** Length of a step, 1 to 60 minutes. Default 1. */
  readonly stepMinutes?: number;
  /** One job name. Default: all together. */
  readonly job?: string;
}

/** What happened within one step. */
export interface HistoryPoint {
  /** Begin of the step, milliseconds since the epoch. */
  readonly at: number;
  readonly added: number;
  readonly completed: number;
  /** Attempts. */
  readonly failed: number;
  readonly retried: number;
  readonly deferred: number;
  readonly dead: number;
  readonly timedOut: number;
  readonly refused: number;
  readonly waitMs: Durations;
  readonly runMs: Durations;
}

/** A version that was not seen before. */
export interface DeployMark {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly version: string;
}

/** What a queue did over some hours. */
export interface QueueHistory {
  readonly queue: string;
  readonly job: string | null;
  /** Minutes. */
  readonly step: number;
  /** Begin of the first step, milliseconds since the epoch. */
  readonly from: number;
  /** One for each step, the oldest first, also where nothing happened. */
  readonly points: readonly HistoryPoint[];
  readonly deploys: readonly DeployMark[];
}
