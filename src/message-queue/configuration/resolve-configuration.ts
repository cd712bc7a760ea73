import { InvalidConfigurationError } from '../../kernel/errors.js';
import { busOfHandlers } from '../../kernel/host/handlers-host.js';
import { Issues } from '../../kernel/values/issues.js';
import { isRecord } from '../../kernel/values/kinds.js';
import { mustBe, shown } from '../../kernel/values/words.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { MessageQueueConfig, MessageQueueOptions } from '../message-queue.options.js';
import { isQueueName, QueueName } from '../queues/queue-name.js';
import { defaultSchedules } from '../schedules/default-schedules.js';
import { resolveSchedules } from '../schedules/resolve-schedules.js';
import type { GivenSchedules } from '../schedules/resolve-schedules.js';
import type { DeclaredSchedule } from '../schedules/schedule-declaration.js';
import type { Environment } from '../../kernel/settings/environment.js';
import type { AccessSettings } from '../operations/access/access-settings.js';
import { refuseMisspelledVariables } from './misspelled-variables.js';
import { PART_KEYS, resolveParts } from './part-options.js';
import type { PartOptions } from './part-options.js';
import { givenSettings } from './given-settings.js';
import type { GivenSettings } from './given-settings.js';
import { checkKeys } from '../../kernel/settings/read-settings.js';
import { checkOneSlot } from './flow-rules.js';
import { accessSettings, resolveOperations, withSwitches } from './resolve-operations.js';
import { resolveQueues } from './resolve-queues.js';
import { REDIS_PLACES, resolveRedis } from './redis/resolve-redis.js';
import type { Origins } from './redis/resolve-redis.js';
import { SETTINGS } from './settings.js';

/** Options that put the module together; they are taken off before the settings are read. */
export const SETUP_KEYS: readonly string[] = ['isGlobal', 'configKey', 'imports', 'adapters'];

/** Names of all options that a factory may return. */
export const OPTION_KEYS: readonly string[] = [...Object.keys(SETTINGS), 'queues', ...PART_KEYS];

/** What the configuration is made from. */
export interface ConfigurationSources {
  readonly options: MessageQueueOptions;
  readonly environment: Environment;
  /** Every queue of the app, the built-in ones included. */
  readonly definitions: readonly QueueDefinition[];
  /** What is declared with queues. */
  readonly schedules?: readonly GivenSchedules[];
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
  /** In the order of the sources' definitions, without those that `builtInQueues` leaves out. */
  readonly definitions: readonly QueueDefinition[];
  /** Built-in queues that the app does not have. */
  readonly leftOut: readonly QueueDefinition[];
  readonly parts: PartOptions;
  /** Who may use the operations. Not in the configuration, which hosts inject. */
  readonly access: AccessSettings;
}

/**
 * Makes the one configuration: options over environment over the defaults of development or production.
 * @throws InvalidConfigurationError that lists every mistake: name, value (secrets masked), what is allowed
 */
export function resolveConfiguration(sources: ConfigurationSources): ResolvedConfiguration {
  const { environment, definitions: registered, configKey } = sources;
  const issues = new Issues();
  const options = recordOf(sources.options, issues);
  refuseUnknownOptions(options, issues);
  const settings = givenSettings(options, environment, configKey, issues);
  const provider = resolveProvider(settings, configKey, issues);
  settings.refuseWrong(provider);
  if (provider === 'sync') refuseProducer(settings, issues);
  const isLeftOut = ({ name }: QueueDefinition): boolean =>
    isQueueName(name) && !settings.values.builtInQueues.includes(name);
  // Settings of a queue that is left out are checked too: processes that pick other queues share them.
  const resolved = resolveQueues(registered, options.queues, environment, issues);
  const definitions = resolved.filter((definition) => !isLeftOut(definition));
  const names = registered.map(({ name }) => name);
  if (configKey === undefined) refuseMisspelledVariables(environment, names, issues);
  const { redis: given, cleanup: _cleanup, lock: _lock, spool: _spool, ...plain } = settings.values;
  const hasOperations = options.operations !== undefined && configKey === undefined;
  const redis = provider === 'redis' ? resolveRedis(given, settings.origins, issues) : null;
  if (redis?.topology.kind === 'cluster') checkOneSlot(definitions, plain.prefix, issues);
  const role = roleHere(plain.role, provider, settings.origins, issues);
  const config: MessageQueueConfig = Object.freeze({
    ...plain,
    role,
    provider,
    redis,
    lock: resolveLock(settings, issues),
    spool: resolveSpool(settings, provider, issues),
    operations: resolveOperations(settings.values, settings.origins, hasOperations, issues),
    schedules: schedulesOf(sources, definitions, settings, issues),
    queues: Object.freeze(Object.fromEntries(definitions.map((definition) => [definition.name, definition]))),
  });
  const access = accessSettings(settings.values, settings.origins, issues);
  const parts = resolveParts(options, definitions, configKey, issues);
  const count = issues.list.length === 1 ? 'one setting is' : `${issues.list.length} settings are`;
  const of = configKey === undefined ? '' : ` for the configuration key "${configKey}"`;
  issues.throwIfAny(InvalidConfigurationError, `The message queue cannot start: ${count} wrong${of}.`);
  return { config, definitions, leftOut: resolved.filter(isLeftOut), parts, access };
}

/** @throws InvalidConfigurationError unless they are an object */
function recordOf(options: unknown, issues: Issues): Readonly<Record<string, unknown>> {
  if (isRecord(options)) return withSwitches(options);
  issues.add('options', mustBe('an object', shown(options)));
  throw new InvalidConfigurationError('The options of MessageQueueModule are wrong:', issues.list);
}

function refuseUnknownOptions(options: Readonly<Record<string, unknown>>, issues: Issues): void {
  checkKeys(SETTINGS, options, issues, '', [...OPTION_KEYS, ...SETUP_KEYS]);
  for (const key of SETUP_KEYS) {
    const message =
      'is needed to put the module together, before the factory can run: give it beside useFactory';
    issues.unless(options[key] === undefined, key, message);
  }
}

function resolveProvider(
  { values, origins }: GivenSettings,
  configKey: string | undefined,
  issues: Issues,
): MessageQueueConfig['provider'] {
  if (origins.has('provider')) return values.provider ?? 'memory';
  if (REDIS_PLACES.some((path) => origins.has(path))) return 'redis';
  if (configKey !== undefined) {
    issues.add('redis', 'is missing; a further configuration must say where its Redis is');
  } else if (values.environment === 'production') {
    issues.add(
      'MESSAGE_QUEUE_PROVIDER',
      'is not set and no Redis is configured; in production, which every NODE_ENV but "development" and "test" is, say where Redis is (REDIS_URL, REDIS_HOST or REDIS_SENTINELS), or ask for "memory" by name: its jobs die with the process',
    );
  }
  return 'memory';
}

/** Beside handlers of buffered events the module only adds: the app has its workers, and its store where that is in memory. */
function roleHere(
  role: MessageQueueConfig['role'],
  provider: MessageQueueConfig['provider'],
  origins: Origins,
  issues: Issues,
): MessageQueueConfig['role'] {
  if (busOfHandlers() === undefined) return role;
  if (provider !== 'redis') {
    issues.add(
      origins.get('provider') ?? 'provider',
      `is "${provider}", whose jobs are in the thread of the app: a module that worker threads of buffered events boot ` +
        "cannot reach them. Let handlers that add jobs run there, with @OnEvent(type, { where: 'main' }), or use Redis",
    );
  }
  return 'producer';
}

/** What a producer adds is run by others, of whom there are none. */
function refuseProducer({ values, origins }: GivenSettings, issues: Issues): void {
  issues.unless(
    values.role !== 'producer',
    origins.get('role') ?? 'role',
    'cannot be "producer" with the provider "sync", where an add runs its job in this process: leave it out, or use Redis, where others can run it',
  );
}

function resolveLock({ values, origins }: GivenSettings, issues: Issues): MessageQueueConfig['lock'] {
  const { durationMs, renewMs = Math.floor(durationMs / 4), stalledCheckMs } = values.lock;
  if (renewMs > durationMs / 2) {
    const limit = `at most half of the lock (${durationMs} ms), or one late renewal loses it`;
    issues.add(origins.get('lock.renewMs') ?? 'lock.renewMs', mustBe(limit, shown(renewMs)));
  }
  return Object.freeze({ durationMs, renewMs, stalledCheckMs });
}

/** The app's schedules: the host's, and the built-in clean-ups it leaves on. A further Redis has none of its own. */
function schedulesOf(
  { schedules = [], configKey, now = Date.now() }: ConfigurationSources,
  definitions: readonly QueueDefinition[],
  { values: { cleanup, environment } }: GivenSettings,
  issues: Issues,
): readonly DeclaredSchedule[] {
  if (configKey !== undefined) return [];
  const isWanted = cleanup.schedules ?? environment !== 'test';
  const canRun = definitions.some(({ name }) => name === QueueName.MESSAGE_CLEANUP);
  const defaults = defaultSchedules({ ...cleanup, schedules: isWanted && canRun });
  return resolveSchedules(schedules, defaults, definitions, now, issues);
}

/** Where jobs go while Redis is away; null unless they are to be spooled. */
function resolveSpool(
  { values, origins }: GivenSettings,
  provider: MessageQueueConfig['provider'],
  issues: Issues,
): MessageQueueConfig['spool'] {
  if (values.whenUnavailable !== 'spool') return null;
  const { directory, ...limits } = values.spool;
  if (provider !== 'redis') {
    const path = origins.get('whenUnavailable') ?? 'whenUnavailable';
    issues.add(
      path,
      `cannot be "spool" with the provider "${provider}", which is never away: leave it out, or use Redis`,
    );
  } else if (directory === undefined) {
    const message = 'is missing; whenUnavailable "spool" needs a directory that outlives the process';
    issues.add('spool.directory (MESSAGE_QUEUE_SPOOL_DIRECTORY)', message);
  }
  return Object.freeze({ directory: directory ?? '', ...limits });
}
