import type { GivenOptions, ReadOptions } from '../../kernel/values/options.js';
import { ALERT_SETTINGS } from '../monitoring/alerts/settings/alert-settings.js';
import { ACTIVITY_SETTINGS } from '../monitoring/activity/activity-settings.js';
import { ACCESS_SETTINGS } from './access/access-settings.js';
import { MOUNT_SETTINGS } from './http/mount-settings.js';
import { METRICS_SETTINGS } from './metrics/metrics-settings.js';
import { PROBES_SETTINGS } from './probes/probes-settings.js';

/** What the person on call has: `forRoot({ operations })`. Each part declares its own. */
export const OPERATIONS_SETTINGS = {
  ...ACCESS_SETTINGS,
  ...MOUNT_SETTINGS,
  ...PROBES_SETTINGS,
  /** What is kept of what happened. */
  activity: ACTIVITY_SETTINGS,
  /** Metrics for Prometheus. */
  metrics: METRICS_SETTINGS,
  /** Who is told when something is wrong. */
  alerts: ALERT_SETTINGS,
};

/** Groups that `true` and `false` switch. */
export type SwitchedPart = 'rest' | 'console' | 'metrics' | 'alerts';

type Given = GivenOptions<typeof OPERATIONS_SETTINGS>;

/** What the person on call has: `forRoot({ operations })`. `true` for a part is its default path, `false` leaves it out. */
export type OperationsOptions = Omit<Given, SwitchedPart> & {
  readonly [Part in SwitchedPart]?: boolean | Given[Part];
};

type Values = ReadOptions<typeof OPERATIONS_SETTINGS>;

/** Where a part is, behind the global prefix. */
export interface PartPlace {
  readonly path: string;
}

/** The operations as they were set. */
export interface OperationsConfig extends Omit<Values, SwitchedPart | keyof typeof ACCESS_SETTINGS> {
  /** Null: left out. */
  readonly rest: PartPlace | null;
  readonly console: PartPlace | null;
  readonly metrics: (PartPlace & { readonly token: string | null }) | null;
  readonly alerts: Values['alerts'] & { readonly enabled: boolean };
}
