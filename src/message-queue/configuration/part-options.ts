import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { Issue } from '../../kernel/errors.js';
import type { JobMiddlewareRegistration } from '../execution/job-middleware.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { MessageQueueOptions } from '../message-queue.options.js';
import { isRecord, shown } from './queue-settings.js';
import { flag, share, text, wholeNumber } from './setting-type.js';
import type { SettingType } from './setting-type.js';
import { unknownKeys } from './unknown-names.js';

type Given<Key extends keyof MessageQueueOptions> = NonNullable<MessageQueueOptions[Key]>;

/** Options of single parts of the library, which no variable sets: objects with functions, and numbers for them. */
export interface PartOptions {
  readonly middleware: readonly JobMiddlewareRegistration[];
  readonly circuitBreakers: Given<'circuitBreakers'>;
  readonly board: Given<'board'>;
  readonly health: Given<'health'>;
}

/** Names of these options. */
export const PART_KEYS = [
  'middleware',
  'circuitBreakers',
  'board',
  'health',
] as const satisfies readonly (keyof PartOptions)[];

/** What one option may be. */
type Rule = Pick<SettingType<unknown>, 'expected' | 'parse'>;
type RulesOf<Options> = Readonly<Record<keyof Options, Rule>>;

const MANY = 1_000_000_000;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

type BreakerOptions = Omit<Given<'circuitBreakers'>, 'dependencies'>;

const BREAKER_RULES: RulesOf<BreakerOptions> = {
  failureThreshold: wholeNumber(1, MANY),
  halfOpenAfterMs: wholeNumber(1, YEAR_MS, 'milliseconds'),
  isFailure: code('a function of the error'),
};

const BOARD_RULES: RulesOf<Given<'board'>> = {
  enabled: flag(),
  path: text('a path such as "/admin/queues"'),
  access: code('a guard or a middleware', (value) => isRecord(value) && 'canActivate' in value),
  redact: code('a function of the job that is shown'),
  maxPayloadChars: wholeNumber(0, MANY, 'characters'),
  title: text(),
};

const HEALTH_RULES: RulesOf<Given<'health'>> = {
  degradedFailureRate: share(),
  unhealthyFailureRate: share(),
  minAttempts: wholeNumber(0, MANY),
  maxWaitMs: wholeNumber(0, YEAR_MS, 'milliseconds'),
  noProgressMs: wholeNumber(0, YEAR_MS, 'milliseconds'),
  maxDeadLetters: wholeNumber(0, MANY),
  maxMemoryRatio: share(),
  maxClockSkewMs: wholeNumber(0, YEAR_MS, 'milliseconds'),
};

/**
 * Checks the options of the parts. They belong to the app's registration: a further Redis has none of its own.
 * @param issues gets every mistake
 */
export function resolveParts(
  options: Record<string, unknown>,
  definitions: readonly QueueDefinition[],
  configKey: string | undefined,
  issues: Issue[],
): PartOptions {
  const given = PART_KEYS.filter((key) => options[key] !== undefined);
  if (configKey !== undefined && given.length > 0) {
    const message = 'belong to the registration of the app, the one without configKey.';
    issues.push({ path: given.join(', '), message });
  }
  const names = definitions.map(({ name }) => name);
  const { dependencies, ...breakers } = group('circuitBreakers', options.circuitBreakers, issues);
  return {
    middleware: middlewareOf(options.middleware, configKey === undefined ? names : undefined, issues),
    circuitBreakers: {
      ...checked<BreakerOptions>('circuitBreakers', breakers, BREAKER_RULES, issues, ['dependencies']),
      dependencies: dependenciesOf(dependencies, issues),
    },
    board: checked('board', options.board, BOARD_RULES, issues),
    health: checked('health', options.health, HEALTH_RULES, issues),
  };
}

function middlewareOf(
  given: unknown,
  queues: readonly string[] | undefined,
  issues: Issue[],
): JobMiddlewareRegistration[] {
  if (given !== undefined && !Array.isArray(given)) {
    issues.push({ path: 'middleware', message: `is ${shown(given)}; must be a list.` });
    return [];
  }
  const list: readonly unknown[] = given ?? [];
  return list.flatMap((entry, index) => {
    const path = `middleware.${index}`;
    const registration: unknown = typeof entry === 'function' ? { middleware: entry } : entry;
    if (!isRecord(registration) || typeof registration.middleware !== 'function') {
      const message = `is ${shown(entry)}; must be a function, or { middleware, queue } with one.`;
      issues.push({ path, message });
      return [];
    }
    issues.push(...unknownKeys(registration, ['middleware', 'queue'], path));
    const { queue } = registration;
    if (queue !== undefined && queues?.includes(queue as string) === false) {
      const meant = typeof queue === 'string' ? didYouMean(queue, queues) : '';
      const message = `is ${shown(queue)}; no queue of this name is registered.${meant}`;
      issues.push({ path: `${path}.queue`, message });
    }
    return [registration as unknown as JobMiddlewareRegistration];
  });
}

function dependenciesOf(given: unknown, issues: Issue[]): PartOptions['circuitBreakers']['dependencies'] {
  const path = 'circuitBreakers.dependencies';
  return Object.fromEntries(
    Object.entries(group(path, given, issues)).map(([dependency, settings]) => [
      dependency,
      checked(`${path}.${dependency}`, settings, BREAKER_RULES, issues),
    ]),
  );
}

/** The options that were given, each read by its rule. */
function checked<Options>(
  path: string,
  given: unknown,
  rules: RulesOf<Options>,
  issues: Issue[],
  further: readonly string[] = [],
): Partial<Options> {
  const options = group(path, given, issues);
  const known = Object.keys(rules);
  issues.push(...unknownKeys(options, [...known, ...further], path));
  const read: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries<Rule>(rules)) {
    const value = options[key];
    if (value === undefined) continue;
    const parsed = rule.parse(value);
    if (parsed.ok) read[key] = parsed.value;
    else issues.push({ path: `${path}.${key}`, message: `is ${shown(value)}; must be ${rule.expected}.` });
  }
  return read as Partial<Options>;
}

function group(path: string, given: unknown, issues: Issue[]): Record<string, unknown> {
  if (given === undefined) return {};
  if (isRecord(given)) return given;
  issues.push({ path, message: `is ${shown(given)}; must be an object.` });
  return {};
}

function code(expected: string, orElse: (value: unknown) => boolean = () => false): Rule {
  return {
    expected,
    parse: (raw) => (typeof raw === 'function' || orElse(raw) ? { ok: true, value: raw } : { ok: false }),
  };
}
