import type { ProcessSight } from '../../monitoring/activity/process-watch.js';

/** What a process sees that works on no queue. */
export const NO_SIGHT: ProcessSight = {
  ...{ movedMsAgo: null, stuck: [], blockedBy: [] },
  hostFailures: { count: 0, recent: [] },
};
