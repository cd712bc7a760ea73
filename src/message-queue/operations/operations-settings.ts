import { ALERT_SETTINGS } from '../monitoring/alerts/settings/alert-settings.js';
import { ACTIVITY_SETTINGS } from '../monitoring/activity/activity-settings.js';
import { METRICS_SETTINGS } from './metrics/metrics-settings.js';
import { PROBES_SETTING } from './probes/probes-settings.js';

/** What the person on call has: `forRoot({ operations })`. Each part declares its own. */
export const OPERATIONS_SETTINGS = {
  /** What is kept of what happened. */
  activity: ACTIVITY_SETTINGS,
  /** Metrics for Prometheus. */
  metrics: METRICS_SETTINGS,
  /**
   * Whether orchestrators may ask if the process lives (`/health/live`) and is ready (`/health/ready`): `true` for the app's web server,
   * `{ port }` or `{ file }` for workers without one. Nobody need log in; nothing but a word is answered.
   */
  probes: PROBES_SETTING,
  /** Who is told when something is wrong. */
  alerts: ALERT_SETTINGS,
};
