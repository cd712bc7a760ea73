import { milliseconds, wholeNumber } from '../../../kernel/values/kinds.js';
import { setting } from '../../../kernel/values/setting.js';

/** What is kept of what happened: `forRoot({ operations: { activity } })`. */
export const ACTIVITY_SETTINGS = {
  /** How often a process adds what it counted to what the broker keeps for all of them. */
  flushMs: setting(milliseconds(250, 60_000), {
    variable: 'MESSAGE_QUEUE_ACTIVITY_FLUSH_MS',
    default: 5_000,
  }),
  /** How many hours are kept, minute by minute. */
  historyHours: setting(wholeNumber(1, 168), {
    variable: 'MESSAGE_QUEUE_ACTIVITY_HISTORY_HOURS',
    default: 72,
  }),
  /** How many pairs of queue and job name are counted apart; those beyond are counted together as `other`. */
  maxSeries: setting(wholeNumber(1, 10_000), {
    variable: 'MESSAGE_QUEUE_ACTIVITY_MAX_SERIES',
    default: 100,
  }),
};
