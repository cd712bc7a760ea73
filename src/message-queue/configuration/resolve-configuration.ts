import { InvalidConfigurationError } from '../jobs/errors.js';
import type { Issue } from '../jobs/errors.js';
import { didYouMean } from '../jobs/did-you-mean.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { MessageQueueConfig, MessageQueueOptions } from '../message-queue.options.js';
import { CONFIGURATION_SCHEMA, SETTING_KEYS } from './configuration-schema.js';
import type { Setting, SettingKey, SettingValues } from './configuration-schema.js';
import type { Environment } from './environment.js';
import { definitionIssues, isRecord, resolveQueue, shown, valueAt } from './queue-settings.js';
import { PLACES, resolveRedis, saysWhereRedisIs } from './redis-settings.js';
import type { Origins } from './redis-settings.js';
import { maskAddress } from './redis-address.js';
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
}

/** The configuration and the queues with their settings. */
export interface ResolvedConfiguration {
  readonly config: MessageQueueConfig;
  /** In the order of the sources' definitions. */
  readonly definitions: readonly QueueDefinition[];
}

/**
 * Makes the one configuration: options over environment over the defaults of development or production.
 * @throws InvalidConfigurationError that lists every mistake: name, value (secrets masked), what is allowed
 */
export function resolveConfiguration(sources: ConfigurationSources): ResolvedConfiguration {
  const { environment, definitions, configKey } = sources;
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
  const config = assemble(values, origins, issues, { provider, redis, definitions: resolvedDefinitions });
  if (issues.length > 0) {
    const of = configKey === undefined ? '' : ` for the configuration key "${configKey}"`;
    throw new InvalidConfigurationError(
      `The message queue cannot start: ${issues.length === 1 ? 'one setting is' : `${issues.length} settings are`} wrong${of}.`,
      issues,
    );
  }
  return { config, definitions: resolvedDefinitions };
}

function unknownOptions(options: Record<string, unknown>): Issue[] {
  const topLevel = new Set<string>(['queues']);
  const nested = new Map<string, string[]>();
  for (const path of SETTING_KEYS) {
    const [group = path, key] = path.split('.');
    topLevel.add(group);
    if (key !== undefined) nested.set(group, [...(nested.get(group) ?? []), key]);
  }
  const issues = unknownKeys(options, [...topLevel, ...SETUP_KEYS]);
  for (const key of SETUP_KEYS) {
    if (options[key] === undefined) continue;
    issues.push({ path: key, message: 'belongs beside useFactory; what the factory returns cannot set it.' });
  }
  for (const [group, keys] of nested) {
    const value = options[group];
    if (value === undefined) continue;
    if (isRecord(value)) issues.push(...unknownKeys(value, keys, group));
    else issues.push({ path: group, message: `is not an object; must be one of ${keys.join(', ')}.` });
  }
  return issues;
}

function readSettings(
  options: Record<string, unknown>,
  environment: Environment,
  configKey: string | undefined,
): { values: SettingValues; origins: Origins; problems: SettingProblem[] } {
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, string>> = {};
  const problems: SettingProblem[] = [];
  const placed = PLACES.some((key) => valueAt(options, key) !== undefined);
  const production = (valueAt(options, 'environment') ?? environment.get('NODE_ENV')) === 'production';
  for (const key of SETTING_KEYS) {
    const setting: Setting = CONFIGURATION_SCHEMA[key] as Setting;
    const option = valueAt(options, key);
    const readable = option === undefined && isReadFromEnvironment(key, placed, configKey);
    const raw = readable ? environment.get(setting.variable) : option;
    values[key] = production ? setting.production : setting.development;
    if (raw === undefined) continue;
    const name = option === undefined ? setting.variable : key;
    origins[key] = name;
    const parsed = setting.type.parse(raw);
    if (parsed.ok) values[key] = parsed.value;
    else problems.push({ key, raw, issue: { path: name, message: wrong(setting, raw, parsed.reason) } });
  }
  return { values: values as unknown as SettingValues, origins, problems };
}

/** A value that its setting does not allow. */
interface SettingProblem {
  readonly key: SettingKey;
  readonly raw: unknown;
  readonly issue: Issue;
}

/** Variables about a Redis that is not used are nobody's mistake: the platform may have set them. */
function matters(
  { key, raw, issue }: SettingProblem,
  provider: 'memory' | 'redis',
  origins: Origins,
): boolean {
  if (!key.startsWith('redis.') || issue.path === key) return true;
  if (provider === 'memory') return origins.provider === undefined && !isServiceLink(raw);
  return key !== 'redis.port' || (origins['redis.url'] ?? origins['redis.sentinels']) === undefined;
}

/** What Kubernetes sets `REDIS_PORT` to where a service is named "redis". */
function isServiceLink(raw: unknown): boolean {
  return typeof raw === 'string' && raw.startsWith('tcp://');
}

/** An option that says where Redis is replaces all variables that do; a further Redis reads none of them. */
function isReadFromEnvironment(key: SettingKey, placed: boolean, configKey: string | undefined): boolean {
  if (configKey !== undefined && (key === 'provider' || key.startsWith('redis.'))) return false;
  const isPlace =
    (PLACES as readonly string[]).includes(key) || key === 'redis.port' || key === 'redis.sentinelName';
  return !(placed && isPlace);
}

function wrong(setting: Setting, raw: unknown, reason: string | undefined): string {
  const because = reason === undefined ? '' : ` (${reason})`;
  if (setting.variable === 'REDIS_PORT' && isServiceLink(raw)) {
    return `is ${shown(raw)}, which is what Kubernetes sets for a service named "redis"; must be ${setting.type.expected}. Set enableServiceLinks: false on the pod, or REDIS_PORT itself.`;
  }
  return `is ${masked(setting, raw)}${because}; must be ${setting.type.expected}.`;
}

function masked(setting: Setting, raw: unknown): string {
  if (setting.secret !== true) return shown(raw);
  return setting.variable === 'REDIS_URL' && typeof raw === 'string' ? shown(maskAddress(raw)) : '***';
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
  resolved: Pick<MessageQueueConfig, 'provider' | 'redis'> & { definitions: readonly QueueDefinition[] },
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
    queues: Object.freeze(
      Object.fromEntries(resolved.definitions.map((definition) => [definition.name, definition])),
    ),
  });
}
