import type { Issue } from '../../kernel/errors.js';
import { CONFIGURATION_SCHEMA, SETTING_KEYS } from './configuration-schema.js';
import type { Setting, SettingKey, SettingValues } from './configuration-schema.js';
import type { Environment } from './environment.js';
import { shown, valueAt } from './queue-settings.js';
import { maskAddress } from './redis-address.js';
import { PLACES } from './redis-settings.js';
import type { Origins } from './redis-settings.js';

/** The values of all settings, where they came from, and what of it is not allowed. */
export interface ReadSettings {
  readonly values: SettingValues;
  readonly origins: Origins;
  readonly problems: readonly SettingProblem[];
}

/** Reads every setting: options over environment over the defaults of development or production. */
export function readSettings(
  options: Record<string, unknown>,
  environment: Environment,
  configKey: string | undefined,
): ReadSettings {
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
export interface SettingProblem {
  readonly key: SettingKey;
  readonly raw: unknown;
  readonly issue: Issue;
}

/** Variables about a Redis that is not used are nobody's mistake: the platform may have set them. */
export function matters(
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
