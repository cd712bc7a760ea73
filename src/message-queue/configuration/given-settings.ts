import type { Issues } from '../../kernel/values/issues.js';
import { environmentOf } from '../../kernel/values/environment-name.js';
import type { Setting } from '../../kernel/values/setting.js';
import type { Environment } from '../../kernel/settings/environment.js';
import { readSettings, valueAt } from '../../kernel/settings/read-settings.js';
import type { Given } from '../../kernel/settings/read-settings.js';
import { REDIS_SETTINGS } from './redis/redis-settings.js';
import { REDIS_PLACES } from './redis/resolve-redis.js';
import type { Origins } from './redis/resolve-redis.js';
import { SETTINGS } from './settings.js';
import type { SettingValues } from './settings.js';

/** Where Redis is, and what there is once in an app. */
const NOT_OF_A_FURTHER_REDIS =
  /^(provider$|redis\.|operations\.(access|operators|viewers|metrics|probes|alerts)\b)/;

/** What goes with the place of Redis: an option that says where it is replaces these variables too. */
const BESIDE_A_PLACE: readonly string[] = ['redis.port', 'redis.sentinelName'];

/** The values of all settings and where they came from. */
export interface GivenSettings {
  readonly values: SettingValues;
  readonly origins: Origins;
  /** Tells of what was not allowed, as far as it matters to the provider. */
  readonly refuseWrong: (provider: NonNullable<SettingValues['provider']>) => void;
}

/**
 * Reads every setting: options over environment over the defaults of development or production.
 * @param configKey key of a further Redis, which reads no variables about Redis
 */
export function givenSettings(
  options: Readonly<Record<string, unknown>>,
  environment: Environment,
  configKey: string | undefined,
  issues: Issues,
): GivenSettings {
  const origins = new Map<string, string>();
  const wrong: (Given & { readonly path: string; readonly message: string })[] = [];
  const placed = REDIS_PLACES.some((path) => valueAt(options, path) !== undefined);
  const isRead = (path: string): boolean => {
    if (configKey !== undefined && NOT_OF_A_FURTHER_REDIS.test(path)) return false;
    return !(placed && [...REDIS_PLACES, ...BESIDE_A_PLACE].includes(path));
  };
  const given = (path: string, setting: Setting): Given | undefined => {
    const option = valueAt(options, path);
    const { variable } = setting;
    if (option === undefined && (variable === undefined || !isRead(path))) return undefined;
    const found =
      option === undefined && variable !== undefined
        ? variableOf(variable, setting.file === true, environment, issues)
        : { raw: option, name: path };
    if (found.raw !== undefined) origins.set(path, found.name);
    return found;
  };
  // By the text as it is, before any space around it is taken away: with one it is another name.
  const runsFor = environmentOf(given('environment', SETTINGS.environment)?.raw);
  const named = runsFor === 'unset' ? undefined : runsFor;
  const values = readSettings(SETTINGS, {
    given: (path, setting) => (path === 'environment' ? { raw: named, name: path } : given(path, setting)),
    refuse: (path, source, message) => wrong.push({ ...source, path, message }),
    production: runsFor === 'production',
  });
  return {
    values,
    origins,
    refuseWrong: (provider) => {
      for (const { path, raw, name, message } of wrong) {
        if (matters(path, { raw, name }, provider, origins)) issues.add(name, explained(name, raw, message));
      }
    },
  };
}

/** The text of a variable, or of the file that the one with `_FILE` behind its name names. */
function variableOf(variable: string, mayBeFile: boolean, environment: Environment, issues: Issues): Given {
  const raw = environment.get(variable);
  const fileVariable = `${variable}_FILE`;
  const path = mayBeFile ? environment.get(fileVariable)?.trim() : undefined;
  if (path === undefined) return { raw, name: variable };
  if (raw !== undefined) issues.add(fileVariable, `cannot be set beside ${variable}: leave one of them out`);
  try {
    return { raw: environment.file(path), name: fileVariable };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    issues.add(fileVariable, `must be a file that can be read, and it cannot (${code ?? message})`);
    return { raw: undefined, name: fileVariable };
  }
}

/** Variables about a Redis that is not used are nobody's mistake: the platform may have set them. */
function matters(
  path: string,
  { raw, name }: Given,
  provider: NonNullable<SettingValues['provider']>,
  origins: Origins,
): boolean {
  if (!path.startsWith('redis.') || name === path) return true;
  if (provider !== 'redis') return !origins.has('provider') && !isServiceLink(raw);
  return path !== 'redis.port' || !(origins.has('redis.url') || origins.has('redis.sentinels'));
}

/** What Kubernetes sets `REDIS_PORT` to where a service is named "redis". */
function isServiceLink(raw: unknown): boolean {
  return typeof raw === 'string' && raw.startsWith('tcp://');
}

function explained(name: string, raw: unknown, message: string): string {
  if (name !== REDIS_SETTINGS.port.variable || !isServiceLink(raw)) return message;
  return `${message}, which Kubernetes sets for a service named "redis": set enableServiceLinks: false on the pod, or ${name} itself`;
}
