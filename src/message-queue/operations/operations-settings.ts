import { ACTIVITY_SETTINGS } from '../monitoring/activity/activity-settings.js';

/** What the person on call has: `forRoot({ operations })`. Each part declares its own. */
export const OPERATIONS_SETTINGS = {
  /** What is kept of what happened. */
  activity: ACTIVITY_SETTINGS,
};
