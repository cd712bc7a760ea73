import type { ActivityCounter } from './activity-record.js';
import type { Durations } from './durations.js';

/** What one process did with the jobs of one name in one queue, since it last told. */
export interface ActivityDelta {
  readonly queue: string;
  readonly job: string;
  readonly counts: Readonly<Record<ActivityCounter, number>>;
  readonly waitMs: Durations;
  readonly runMs: Durations;
}

/** What one process did since it last told; nothing is listed of what stood still. */
export interface ActivityDeltas {
  /** Milliseconds since the epoch, by the broker's clock. */
  readonly at: number;
  readonly series: readonly ActivityDelta[];
}
