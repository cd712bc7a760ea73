import { QueueName } from '../../message-queue/index.js';
import type { OperationsOptions } from '../../message-queue/operations/index.js';

/** The rule that the story has fire, and the queue that it fires for. */
export const WAIT_RULE = 'OldestJobWaits';
export const WAITING_QUEUE = QueueName.MESSAGE_DELIVERY;
const WAITS_MS = 2_000;

/** Alerts that are quick enough for a story: looked at each second, and over as soon as nothing waits any more. */
export const DEMO_ALERTS: OperationsOptions['alerts'] = {
  everyMs: 1_000,
  rules: {
    [WAIT_RULE]: { queues: [WAITING_QUEUE], above: WAITS_MS, clear: WAITS_MS, forMs: 0, clearForMs: 0 },
    // Two mails of two dozen are refused on purpose.
    FailureRateHigh: { above: 0.5 },
  },
};
