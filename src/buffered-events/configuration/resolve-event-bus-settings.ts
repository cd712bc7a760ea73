import { Logger } from '@nestjs/common';
import type { LogLevel } from '@nestjs/common';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { Environment } from '../../kernel/settings/environment.js';
import { isServiceLink, meantVariable } from '../../kernel/settings/misspelled-variable.js';
import { checkKeys, readSettings, valueAt } from '../../kernel/settings/read-settings.js';
import type { Given } from '../../kernel/settings/read-settings.js';
import { environmentOf } from '../../kernel/values/environment-name.js';
import { Issues } from '../../kernel/values/issues.js';
import { code, isRecord } from '../../kernel/values/kinds.js';
import { settingsOf } from '../../kernel/values/setting.js';
import type { Setting } from '../../kernel/values/setting.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import type { BufferedEventConfig } from '../buffered-events.options.js';
import { defaultWorkerCount } from './default-worker-count.js';
import type { EventBusSettings } from './event-bus-settings.js';
import { SETTINGS, TWINS } from './settings.js';
import type { SettingValues } from './settings.js';

const PREFIX = 'BUFFERED_EVENTS_';
const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** Options that are functions, which no variable sets. */
const HOOKS = {
  correlationId: code('a function that returns a string, or undefined'),
  carry: code('a function that returns what JSON can say'),
  onLeftover: code('a function that takes a list of events'),
};

/** Names of all options that a factory may return. */
export const OPTION_KEYS: readonly string[] = [...Object.keys(SETTINGS), ...Object.keys(HOOKS)];

/** Options that put the module together; they are taken off before the settings are read. */
export const SETUP_KEYS: readonly string[] = ['isGlobal'];

/** What was given, and by whom: paths of options, and names of variables. */
interface GivenValues {
  readonly values: SettingValues;
  readonly origins: ReadonlyMap<string, Origin>;
}

interface Origin {
  readonly name: string;
  readonly isOption: boolean;
}

/**
 * Makes the one configuration: options over environment over the defaults of development or production; two names of one setting are one.
 * @throws InvalidConfigurationError that lists every mistake: name, value, what is allowed
 */
export function resolveEventBusSettings(
  options: BufferedEventConfig,
  environment: Environment,
): EventBusSettings {
  const issues = new Issues();
  const given = isRecord(options) ? options : undefined;
  if (given === undefined) issues.add('options', mustBe('an object', shown(options)));
  const config: Readonly<Record<string, unknown>> = given ?? {};
  checkKeys(SETTINGS, config, issues, '', [...OPTION_KEYS, ...SETUP_KEYS]);
  for (const key of SETUP_KEYS) {
    const message =
      'is needed to put the module together, before the factory can run: give it beside useFactory';
    issues.unless(config[key] === undefined, key, message);
  }
  for (const [name, kind] of Object.entries(HOOKS)) issues.checkGiven(name, config[name], kind);
  refuseMisspelledVariables(environment, issues);
  const settings = settingsFrom(readGiven(config, environment, issues), config, issues);
  const count = issues.list.length === 1 ? 'one setting is' : `${issues.list.length} settings are`;
  issues.throwIfAny(InvalidConfigurationError, `Buffered events cannot start: ${count} wrong.`);
  return settings;
}

function readGiven(
  config: Readonly<Record<string, unknown>>,
  environment: Environment,
  issues: Issues,
): GivenValues {
  const origins = new Map<string, Origin>();
  const given = (path: string, { variable }: Setting): Given | undefined => {
    const option = valueAt(config, path);
    if (option === undefined && variable === undefined) return undefined;
    const isOption = option !== undefined || variable === undefined;
    const found = isOption ? { raw: option, name: path } : { raw: environment.get(variable), name: variable };
    if (found.raw !== undefined) origins.set(path, { name: found.name, isOption });
    return found;
  };
  const values = readSettings(SETTINGS, {
    given,
    refuse: (path, { name }, message) => {
      issues.add(name, message);
      // There is nothing more to say of a value that is none.
      origins.delete(path);
    },
    production: environmentOf(environment.get('NODE_ENV')) === 'production',
  });
  return { values, origins };
}

/** One value for a setting of two names: options over variables, then the one that was given. */
function twin(given: GivenValues, [path, other]: (typeof TWINS)[number], issues: Issues): number {
  const [value, otherValue] = [valueAt(given.values, path), valueAt(given.values, other)] as number[];
  const [origin, otherOrigin] = [given.origins.get(path), given.origins.get(other)];
  if (otherOrigin === undefined || otherValue === undefined) return value ?? 0;
  if (origin === undefined || (otherOrigin.isOption && !origin.isOption)) return otherValue;
  if (otherOrigin.isOption === origin.isOption && value !== otherValue) {
    issues.add(
      origin.name,
      `is the same setting as ${otherOrigin.name}, and cannot be both ${String(value)} and ${otherValue}: leave one of them out`,
    );
  }
  return value ?? 0;
}

function settingsFrom(given: GivenValues, config: BufferedEventConfig, issues: Issues): EventBusSettings {
  const { values, origins } = given;
  const [maxQueueSize, maxEventSize, maxMemoryMB, retryAttempts, healthCheckInterval] = TWINS.map((names) =>
    twin(given, names, issues),
  ) as [number, number, number, number, number];
  const { memoryLimits, performanceLimits, reliabilityLimits, threads, ...plain } = values;
  const workerCount = values.workerCount ?? defaultWorkerCount();
  const nameOf = (path: string): string => origins.get(path)?.name ?? path;
  issues.unless(
    retryAttempts === 0 || values.retryDelays.length > 0,
    nameOf('retryDelays'),
    `must have a delay for ${retryAttempts} further attempts (retryAttempts), and is empty`,
  );
  issues.unless(
    !plain.enabled ||
      workerCount === 0 ||
      threads.module !== undefined ||
      wasRefused(issues, 'threads.module'),
    'threads.module (BUFFERED_EVENTS_THREADS_MODULE)',
    `is missing; ${workerCount} worker threads need the module with the handlers: ${MODULE_HINT}`,
  );
  return Object.freeze({
    ...plain,
    ...{ workerCount, maxQueueSize, maxEventSize, maxMemoryMB, retryAttempts },
    monitoring: Object.freeze({ ...plain.monitoring, healthCheckInterval }),
    performance: Object.freeze({
      maxInputRate: performanceLimits.maxInputRate ?? null,
      targetProcessingRate: performanceLimits.targetProcessingRate ?? null,
      maxMainThreadImpact: performanceLimits.maxMainThreadImpact ?? null,
      maxQueueLatency: performanceLimits.maxQueueLatency ?? null,
    }),
    workerHeapMB: memoryLimits.workerHeapMB,
    workerRestartDelay: reliabilityLimits.workerRestartDelay,
    gracefulShutdownTimeout: reliabilityLimits.gracefulShutdownTimeout,
    threads: Object.freeze({ ...threads, module: threads.module ?? null }),
    correlationId: config.correlationId ?? null,
    carry: config.carry ?? null,
    onLeftover: config.onLeftover ?? null,
    // Hosts may choose them after this is read, and before threads start.
    get logLevels() {
      return LEVELS.filter((level) => Logger.isLevelEnabled(level));
    },
  });
}

const MODULE_HINT =
  "threads: { module: join(__dirname, 'user-events.module.js') }, or new URL('./user-events.module.js', import.meta.url) in an ES module; " +
  'workerCount: 0 handles all events in the thread of the app';

/** Whether something is known to be wrong with a setting, by its option or its variable. */
function wasRefused(issues: Issues, path: string): boolean {
  const variable = settingsOf(SETTINGS).find(([known]) => known === path)?.[1].variable;
  return issues.list.some((issue) => issue.path === path || issue.path === variable);
}

/** Others share the environment: only what is near one of ours is taken for a slip. */
function refuseMisspelledVariables(environment: Environment, issues: Issues): void {
  const known = new Set(settingsOf(SETTINGS).flatMap(([, { variable }]) => variable ?? []));
  for (const name of environment.names()) {
    if (!name.startsWith(PREFIX) || known.has(name) || isServiceLink(name)) continue;
    const meant = meantVariable(name, PREFIX, known);
    if (meant !== undefined) issues.add(name, `there is no such variable. Did you mean "${meant}"?`);
  }
}
