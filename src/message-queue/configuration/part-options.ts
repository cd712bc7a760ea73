import type { Issues } from '../../kernel/values/issues.js';
import {
  code,
  flag,
  isRecord,
  knownName,
  matching,
  milliseconds,
  numberFrom,
  text,
  wholeNumber,
} from '../../kernel/values/kinds.js';
import type { Fields } from '../../kernel/values/options.js';
import { setting } from '../../kernel/values/setting.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import type { JobMiddlewareRegistration } from '../execution/job-middleware.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { MessageQueueOptions } from '../message-queue.options.js';
import { checkKeys, readSettings, valueAt } from './read-settings.js';

type Part<Key extends keyof MessageQueueOptions> = NonNullable<MessageQueueOptions[Key]>;
/** One setting for each option of a part. */
type SettingsOf<Options> = Readonly<Record<keyof Options, Fields[string]>>;

/** Options of single parts of the library, which no variable sets: objects with functions, and numbers for them. */
export interface PartOptions {
  readonly middleware: readonly JobMiddlewareRegistration[];
  readonly circuitBreakers: Part<'circuitBreakers'>;
  readonly board: Part<'board'>;
  readonly health: Part<'health'>;
}

/** Names of these options. */
export const PART_KEYS = [
  'middleware',
  'circuitBreakers',
  'board',
  'health',
] as const satisfies readonly (keyof PartOptions)[];

const MANY = 1_000_000_000;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

const BREAKER = {
  failureThreshold: setting(wholeNumber(1, MANY), {}),
  halfOpenAfterMs: setting(milliseconds(1, YEAR_MS), {}),
  isFailure: setting(code<(error: unknown) => boolean>('a function of the error'), {}),
} satisfies SettingsOf<Omit<Part<'circuitBreakers'>, 'dependencies'>>;

const isGuard = (value: unknown): boolean => isRecord(value) && 'canActivate' in value;

const BOARD = {
  enabled: setting(flag(), {}),
  path: setting(matching('a path such as "/admin/queues"', /./), {}),
  access: setting(code<NonNullable<Part<'board'>['access']>>('a guard or a middleware', isGuard), {}),
  redact: setting(code<NonNullable<Part<'board'>['redact']>>('a function of the job that is shown'), {}),
  maxPayloadChars: setting(wholeNumber(0, MANY, 'characters'), {}),
  title: setting(text(), {}),
} satisfies SettingsOf<Part<'board'>>;

const HEALTH = {
  degradedFailureRate: setting(numberFrom(0, 1), {}),
  unhealthyFailureRate: setting(numberFrom(0, 1), {}),
  minAttempts: setting(wholeNumber(0, MANY), {}),
  maxWaitMs: setting(milliseconds(0, YEAR_MS), {}),
  noProgressMs: setting(milliseconds(0, YEAR_MS), {}),
  maxDeadLetters: setting(wholeNumber(0, MANY), {}),
  maxMemoryRatio: setting(numberFrom(0, 1), {}),
  maxClockSkewMs: setting(milliseconds(0, YEAR_MS), {}),
} satisfies SettingsOf<Part<'health'>>;

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
    Object.keys(isRecord(named) ? named : {}).map((name) => [name, BREAKER]),
  );
  const parts = { circuitBreakers: { ...BREAKER, dependencies }, board: BOARD, health: HEALTH };
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
