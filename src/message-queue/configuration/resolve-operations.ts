import type { AccessSettings } from '../operations/access/access-settings.js';
import { isRecord } from '../../kernel/values/kinds.js';
import type { OperationsConfig, SwitchedPart } from '../operations/operations-settings.js';
import { inRoles } from '../operations/access/sign-in/user-list.js';
import { Users } from '../operations/access/sign-in/users.js';
import type { Issues } from '../../kernel/values/issues.js';
import type { Origins } from './redis/resolve-redis.js';
import type { SettingValues } from './settings.js';

const SWITCHED: readonly SwitchedPart[] = ['rest', 'console', 'metrics', 'alerts'];

/** Settings whose variables alone ask for the operations. */
const ASKED_BY = ['operators', 'viewers', 'metrics.token', 'probes'];

/** The options with `true` and `false` in place of a part written out. */
export function withSwitches(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { operations } = options;
  if (!isRecord(operations)) return options;
  const switched = SWITCHED.filter((part) => typeof operations[part] === 'boolean');
  const written = switched.map((part) => [part, { enabled: operations[part] }]);
  return { ...options, operations: { ...operations, ...Object.fromEntries(written) } };
}

/**
 * Decides what of the operations there is. Nothing where nobody asked for them.
 * @param isGiven whether the host gave the option `operations`
 */
export function resolveOperations(
  { operations }: SettingValues,
  origins: Origins,
  isGiven: boolean,
  issues: Issues,
): OperationsConfig {
  const {
    access: _access,
    operators: _operators,
    viewers: _viewers,
    rest,
    console,
    metrics,
    alerts,
    ...plain
  } = operations;
  const isAsked = isGiven || ASKED_BY.some((path) => origins.has(`operations.${path}`));
  const isRest = rest.enabled ?? isAsked;
  issues.unless(
    isRest || console.enabled !== true,
    'operations.console',
    'shows what REST answers: leave operations.rest on, or the console out',
  );
  return Object.freeze({
    ...plain,
    rest: isRest ? Object.freeze({ path: rest.path }) : null,
    // It shows what REST answers.
    console: isRest && (console.enabled ?? true) ? Object.freeze({ path: console.path }) : null,
    metrics:
      (metrics.enabled ?? isAsked)
        ? Object.freeze({ path: metrics.path, token: metrics.token ?? null })
        : null,
    alerts: Object.freeze({ ...alerts, enabled: alerts.enabled ?? isAsked }),
  });
}

/** Who may use the operations: an access of the host, or those whom the lists name. */
export function accessSettings(
  { operations, environment }: SettingValues,
  origins: Origins,
  issues: Issues,
): AccessSettings {
  const { access, operators = [], viewers = [] } = operations;
  for (const list of ['operators', 'viewers']) {
    const origin = origins.get(`operations.${list}`);
    // A variable of the deployment gives way to what the code says; two things in the code are a mistake.
    const isTwice = access !== undefined && origin === `operations.${list}`;
    issues.unless(!isTwice, origin ?? '', 'cannot be set beside operations.access: name them in usersAccess');
  }
  const all = inRoles(operators, viewers);
  if (typeof all === 'string') {
    issues.add(origins.get('operations.viewers') ?? 'operations.viewers', all);
    return Object.freeze({ access, environment });
  }
  return Object.freeze({ access: access ?? (all.length > 0 ? new Users(all) : undefined), environment });
}
