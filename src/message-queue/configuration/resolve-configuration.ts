import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { Issue } from '../../kernel/errors.js';
import { didYouMean } from '../../kernel/values/did-you-mean.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { MessageQueueConfig, MessageQueueOptions } from '../message-queue.options.js';
import { SETTING_KEYS } from './configuration-schema.js';
import type { SettingKey, SettingValues } from './configuration-schema.js';
import type { Environment } from './environment.js';
import { configuredSchedules, noSchedules } from './configured-schedules.js';
import { PART_KEYS, resolveParts } from './part-options.js';
import type { PartOptions } from './part-options.js';
import { definitionIssues, isRecord, resolveQueue, shown } from './queue-settings.js';
import { matters, readSettings } from './read-settings.js';
import { resolveRedis, saysWhereRedisIs } from './redis-settings.js';
import type { Origins } from './redis-settings.js';
import { misspelledVariables, SETUP_KEYS, unknownKeys } from './unknown-names.js';

/** What the configuration is made from. */
export interface ConfigurationSources {
  readonly options: MessageQueueOptions;
  readonly environment: Environment;
  /** Every queue of the app, the built-in ones included. */
  readonly definitions: readonly QueueDefinition[];
  /**
   * Key of a further Redis, whose options alone say where it is: the variables `REDIS_*` and
   * `MESSAGE_QUEUE_PROVIDER` belong to the main one.
   */
  readonly configKey?: string;
  /** Milliseconds since the epoch, by the app's clock. Default: the system's. */
  readonly now?: number;
}

/** The configuration and the queues with their settings. */
export interface ResolvedConfiguration {
  readonly config: MessageQueueConfig;
  /** In the order of the sources' definitions. */
  readonly definitions: readonly QueueDefinition[];
  readonly parts: PartOptions;
}

/** Names of all options that a factory may return. */
export const OPTION_KEYS: readonly string[] = [
  ...new Set([...SETTING_KEYS.map((key) => key.split('.')[0] ?? key), 'queues', 'schedules', ...PART_KEYS]),
];

/**
 * Makes the one configuration: options over environment over the defaults of development or production.
 * @throws InvalidConfigurationError that lists every mistake: name, value (secrets masked), what is allowed
 */
export function resolveConfiguration(sources: ConfigurationSources): ResolvedConfiguration {
  const { environment, definitions, configKey, now = Date.now() } = sources;
  const options: unknown = sources.options;
  const issues: Issue[] = [];
  if (!isRecord(options)) {
    throw new InvalidConfigurationError('The options of MessageQueueModule are wrong:', [
      { path: 'options', message: `are ${shown(options)}; must be an object.` },
    ]);
  }
  issues.push(...unknownOptions(options));
  const { values, origins, problems } = readSettings(options, environment, configKey);
  const provider = resolveProvider(values, origins, configKey, issues);
  issues.push(...problems.filter((problem) => matters(problem, provider, origins)).map(({ issue }) => issue));
  const resolvedDefinitions = resolveQueues(definitions, options, environment, issues);
  if (configKey === undefined) {
    issues.push(
      ...misspelledVariables(
        environment,
        definitions.map(({ name }) => name),
      ),
    );
  }
  const redis = provider === 'redis' ? resolveRedis(values, origins, issues) : null;
  const schedules =
    configKey === undefined
      ? configuredSchedules(values, options.schedules, resolvedDefinitions, now, issues)
      : noSchedules(options.schedules, issues);
  const parts = resolveParts(options, resolvedDefinitions, configKey, issues);
  const config = assemble(values, origins, issues, {
    ...{ provider, redis, schedules },
    definitions: resolvedDefinitions,
  });
  if (issues.length > 0) {
    const of = configKey === undefined ? '' : ` for the configuration key "${configKey}"`;
    throw new InvalidConfigurationError(
      `The message queue cannot start: ${issues.length === 1 ? 'one setting is' : `${issues.length} settings are`} wrong${of}.`,
      issues,
    );
  }
  return { config, definitions: resolvedDefinitions, parts };
}

function unknownOptions(options: Record<string, unknown>): Issue[] {
  const nested = new Map<string, string[]>();
  for (const path of SETTING_KEYS) {
    const [group = path, key] = path.split('.');
    if (key !== undefined) nested.set(group, [...(nested.get(group) ?? []), key]);
  }
  const issues = unknownKeys(options, [...OPTION_KEYS, ...SETUP_KEYS]);
  for (const key of SETUP_KEYS) {
    if (options[key] === undefined) continue;
    const message =
      'is needed to put the module together, before the factory can run: give it beside useFactory.';
    issues.push({ path: key, message });
  }
  for (const [group, keys] of nested) {
    const value = options[group];
    if (value === undefined) continue;
    if (isRecord(value)) issues.push(...unknownKeys(value, keys, group));
    else issues.push({ path: group, message: `is not an object; must be one of ${keys.join(', ')}.` });
  }
  return issues;
}

function resolveProvider(
  values: SettingValues,
  origins: Origins,
  configKey: string | undefined,
  issues: Issue[],
): 'memory' | 'redis' {
  if (origins.provider !== undefined) return values.provider ?? 'memory';
  if (saysWhereRedisIs(origins)) return 'redis';
  if (configKey !== undefined) {
    issues.push({
      path: 'redis',
      message: 'is missing; a further configuration must say where its Redis is.',
    });
  } else if (values.environment === 'production') {
    issues.push({
      path: 'MESSAGE_QUEUE_PROVIDER',
      message:
        'is not set and no Redis is configured; in production say where Redis is (REDIS_URL, REDIS_HOST or REDIS_SENTINELS), or ask for "memory" by name: its jobs die with the process.',
    });
  }
  return 'memory';
}

function resolveQueues(
  definitions: readonly QueueDefinition[],
  options: Record<string, unknown>,
  environment: Environment,
  issues: Issue[],
): QueueDefinition[] {
  const overrides = options.queues ?? {};
  const names = definitions.map(({ name }) => name);
  if (!isRecord(overrides)) {
    issues.push({ path: 'queues', message: `is ${shown(overrides)}; must be an object by queue name.` });
  } else {
    for (const name of Object.keys(overrides)) {
      if (names.includes(name)) continue;
      issues.push({
        path: `queues.${name}`,
        message: `no queue of this name is registered.${didYouMean(name, names) || ` Registered: ${names.join(', ')}.`}`,
      });
    }
  }
  return definitions.map((definition) => {
    issues.push(...definitionIssues(definition));
    const own = isRecord(overrides) ? overrides[definition.name] : undefined;
    return resolveQueue(definition, own, environment, issues);
  });
}

function assemble(
  values: SettingValues,
  origins: Origins,
  issues: Issue[],
  resolved: Pick<MessageQueueConfig, 'provider' | 'redis' | 'schedules'> & {
    definitions: readonly QueueDefinition[];
  },
): MessageQueueConfig {
  const need = <Key extends SettingKey>(key: Key): NonNullable<SettingValues[Key]> => {
    const value = values[key];
    if (value === null) throw new TypeError(`The schema has no default for "${key}".`);
    return value as NonNullable<SettingValues[Key]>;
  };
  const durationMs = need('lock.durationMs');
  const renewMs = values['lock.renewMs'] ?? Math.floor(durationMs / 4);
  if (renewMs > durationMs / 2) {
    issues.push({
      path: origins['lock.renewMs'] ?? 'lock.renewMs',
      message: `is ${renewMs}; must be at most half of the lock (${durationMs} ms), or one late renewal loses it.`,
    });
  }
  return Object.freeze({
    environment: need('environment'),
    provider: resolved.provider,
    redis: resolved.redis,
    prefix: need('prefix'),
    role: need('role'),
    autoStart: need('autoStart'),
    enqueueTimeoutMs: need('enqueueTimeoutMs'),
    shutdownTimeoutMs: need('shutdownTimeoutMs'),
    abortGraceMs: need('abortGraceMs'),
    onStuckHandler: need('onStuckHandler'),
    maxCrashes: need('maxCrashes'),
    lock: Object.freeze({ durationMs, renewMs, stalledCheckMs: need('lock.stalledCheckMs') }),
    memory: Object.freeze({ maxJobs: need('memory.maxJobs'), maxBytes: need('memory.maxBytes') }),
    schedules: resolved.schedules,
    queues: Object.freeze(
      Object.fromEntries(resolved.definitions.map((definition) => [definition.name, definition])),
    ),
  });
}
