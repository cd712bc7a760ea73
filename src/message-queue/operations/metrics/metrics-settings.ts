import { flag, matching, secret } from '../../../kernel/values/kinds.js';
import { kindThat } from '../../../kernel/values/kind.js';
import { setting } from '../../../kernel/values/setting.js';

/** Tokens travel in a header: printable ASCII without spaces. */
const TOKEN = secret(
  kindThat<string>(
    'a token of 16 to 500 letters, digits or other characters of ASCII, without spaces',
    (value) => typeof value === 'string' && /^[!-~]{16,500}$/.test(value),
  ),
);

/** Metrics for Prometheus: `forRoot({ operations: { metrics } })`. */
export const METRICS_SETTINGS = {
  /** Whether they are there. */
  enabled: setting(flag(), {
    otherwise: 'true where `operations` are set, or a variable that says who may use them',
  }),
  /** Where they are, behind the app's global prefix unless that excludes this path. */
  path: setting(matching('a path such as "/metrics"', /^(\/[\w.~-]+)+\/?$/), { default: '/metrics' }),
  /** What a scraper sends as `Authorization: Bearer …`. Without it only viewers may look, and in development this machine. */
  token: setting(TOKEN, {
    variable: 'MESSAGE_QUEUE_METRICS_TOKEN',
    file: true,
    otherwise: 'none',
    example: 'a-token-of-at-least-16-characters',
  }),
};
