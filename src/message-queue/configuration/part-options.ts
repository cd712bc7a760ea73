import type { Issues } from '../../kernel/values/issues.js';
import { isRecord, knownName } from '../../kernel/values/kinds.js';
import type { ReadOptions } from '../../kernel/values/options.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import type { JobMiddlewareRegistration } from '../execution/job-middleware.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import { HEALTH_SETTINGS } from '../monitoring/health-thresholds.js';
import type { HealthThresholds } from '../monitoring/health-thresholds.js';
import { BOARD_OPTIONS } from '../operations/board/board-access.js';
import { BREAKER_SETTINGS } from '../resilience/breaker-settings.js';
import type { CircuitBreakerOptions } from '../resilience/breaker-settings.js';
import { checkKeys, readSettings, valueAt } from '../../kernel/settings/read-settings.js';

/** Options of single parts of the library, which no variable sets: objects with functions, and numbers for them. */
export interface PartOptions {
  readonly middleware: readonly JobMiddlewareRegistration[];
  readonly circuitBreakers: CircuitBreakerOptions;
  readonly board: ReadOptions<typeof BOARD_OPTIONS>;
  readonly health: HealthThresholds;
}

/** Names of these options. */
export const PART_KEYS = [
  'middleware',
  'circuitBreakers',
  'board',
  'health',
] as const satisfies readonly (keyof PartOptions)[];

/**
 * Checks the options of the parts. They belong to the app's registration: a further Redis has none of its own.
 * @param issues gets every mistake
 */
export function resolveParts(
  options: Readonly<Record<string, unknown>>,
  definitions: readonly QueueDefinition[],
  configKey: string | undefined,
  issues: Issues,
): PartOptions {
  const given = PART_KEYS.filter((key) => options[key] !== undefined);
  if (configKey !== undefined && given.length > 0) {
    issues.add(given.join(', '), 'belong to the registration of the app, the one without configKey');
  }
  const queues = configKey === undefined ? definitions.map(({ name }) => name) : undefined;
  const named = valueAt(options, 'circuitBreakers.dependencies');
  const dependencies = Object.fromEntries(
    Object.keys(isRecord(named) ? named : {}).map((name) => [name, BREAKER_SETTINGS]),
  );
  const parts = {
    circuitBreakers: { ...BREAKER_SETTINGS, dependencies },
    board: BOARD_OPTIONS,
    health: HEALTH_SETTINGS,
  };
  for (const [part, tree] of Object.entries(parts)) checkKeys(tree, options[part], issues, part);
  return {
    middleware: middlewareOf(options.middleware, queues, issues),
    ...readSettings(parts, {
      given: (path) => ({ raw: valueAt(options, path), name: path }),
      refuse: (path, _given, message) => issues.add(path, message),
    }),
  };
}

function middlewareOf(
  given: unknown,
  queues: readonly string[] | undefined,
  issues: Issues,
): JobMiddlewareRegistration[] {
  if (given !== undefined && !Array.isArray(given)) {
    issues.add('middleware', mustBe('a list', shown(given)));
    return [];
  }
  const list: readonly unknown[] = given ?? [];
  return list.flatMap((entry, index) => {
    const path = `middleware.${index}`;
    const registration: unknown = typeof entry === 'function' ? { middleware: entry } : entry;
    if (!isRecord(registration) || typeof registration.middleware !== 'function') {
      issues.add(path, mustBe('a function, or { middleware, queue } with one', shown(entry)));
      return [];
    }
    issues.knownKeys(path, registration, ['middleware', 'queue']);
    const { queue } = registration;
    if (queues !== undefined)
      issues.checkGiven(`${path}.queue`, queue, knownName('a registered queue', queues));
    return [registration as unknown as JobMiddlewareRegistration];
  });
}
